/**
 * A process with a handle of its own, told what to do by messages: one call to the store, stopped where the test wants
 * it, before the call to the file system is carried out.
 */
import type { Provider } from "@sess/core";
import { type Disk, disk as realDisk } from "../src/disk.js";
import { openRoot } from "../src/root.js";
import { Slots } from "../src/slots.js";
import { FileStore } from "../src/store.js";
import type { Answer, Order } from "./child-process.js";

const [directory = "", clock = "0"] = process.argv.slice(2);
let stopAt: string | undefined;
let go: () => void = () => {};

function say(answer: Answer): void {
  process.send?.(answer);
}

async function pass(method: string): Promise<void> {
  if (method !== stopAt) return;
  stopAt = undefined;
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  say({ reached: method });
  await gone;
}

const disk = new Proxy<Disk>(realDisk, {
  get(target, method: keyof Disk) {
    const original: (...args: never[]) => unknown = target[method];
    return async (...args: never[]) => {
      await pass(method);
      return original(...args);
    };
  },
});

const slots = new Slots(await openRoot(directory), { durable: false, disk });
const provider: Provider = new FileStore(slots, () => Date.now() + Number(clock));

process.on("message", (order: Order) => {
  if (order.go) return go();
  stopAt = order.stopAt;
  const method: (...args: never[]) => Promise<unknown> = provider[order.method].bind(provider);
  method(...(order.args as never[])).then(
    (result) => say({ result }),
    (error: { code?: string }) => say({ code: error.code ?? "none" }),
  );
});
say({ ready: true });
