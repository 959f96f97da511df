/**
 * Clients that leave at random instants, and random calls on a response over a store that fails at random, against a
 * server in a process of its own. Fails where that process ends, a rejection is handled by nobody, or a client hangs.
 *
 *     node --import tsx --conditions=@sess/source packages/core/torture/leaving.ts [clients] [plans] [seed]
 */
import { type ChildProcess, fork } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { randomCalls } from "../test-support/http/calls.js";
import { Random } from "../test-support/http/random.js";
import { Stage } from "../test-support/stage.js";

const patience = 30_000;

if (process.send === undefined) await main(process.argv.slice(2).map(Number));
else await serve();

async function main([clients = 10_000, plans = 500, seed = 1]: number[]): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [], { stdio: ["ignore", "inherit", "pipe", "ipc"] });
  let exits = 0;
  child.once("exit", () => exits++);
  child.stderr?.resume();
  const port = await told<number>(child);
  const hanging: string[] = [];
  const random = new Random(seed);
  const ask = async (path: string, leaveAfter: number | undefined) => {
    if (!(await visit(port, path, leaveAfter))) hanging.push(path);
  };
  const leave = () => ask(`/${random.below(1e9)}`, random.below(4) === 0 ? undefined : random.below(15));
  const stay = () => ask(`/plan-${random.below(1e9)}`, undefined);
  for (const [count, run] of [[clients, leave] as const, [plans, stay] as const]) {
    let left = count;
    const worker = async () => {
      while (left-- > 0 && exits === 0) await run();
    };
    await Promise.all(Array.from({ length: 40 }, worker));
  }
  let rejections = 0;
  if (exits === 0) {
    child.send("count");
    rejections = await told<number>(child);
    child.disconnect();
  }
  console.log(`${clients} clients that leave, ${plans} plans over a failing store, seed ${seed}`);
  console.log(`process exits ${exits}, unhandled rejections ${rejections}, hanging clients ${hanging.length}`);
  if (hanging.length > 0) console.log(hanging.slice(0, 10).join("\n"));
  if (exits + rejections + hanging.length > 0) process.exitCode = 1;
}

function told<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", () => resolve(0 as T));
  });
}

/** Whether the connection ended within the time that a client waits; `leaveAfter` is in ms. */
function visit(port: number, path: string, leaveAfter: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`);
      if (leaveAfter !== undefined) setTimeout(() => socket.resetAndDestroy(), leaveAfter);
    });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, patience);
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** The server's process. */
async function serve(): Promise<void> {
  let rejections = 0;
  process.on("unhandledRejection", () => rejections++);
  process.on("message", () => process.send?.(rejections));
  process.on("disconnect", () => process.exit());
  const random = new Random(7);
  const stage = new Stage();
  stage.lossy = () => random.below(10) === 0;
  const trustProxy = (address: string) => {
    if (address === "" || random.below(20) === 0) throw new TypeError("not an address");
    return true;
  };
  const sessions = await stage.manager({ trustProxy });
  const server = createServer(
    sessions.handler(async (session, req, res) => {
      stage.delay = random.below(3) * random.below(10);
      stage.down = random.below(5) === 0;
      if (random.below(3) > 0) session.set("n", 1);
      res.on("error", () => {}); // As a write after the end has it: the plan's own doing.
      if (req.url?.startsWith("/plan-")) return plan(req, res);
      const kind = random.below(4);
      if (kind === 0) throw [new Error("broken"), Object.create(null), undefined][random.below(3)];
      if (kind === 1) return Readable.from(["a".repeat(70_000), "b".repeat(70_000)]).pipe(res);
      if (kind === 2) await new Promise((resolve) => setTimeout(resolve, random.below(10)));
      res.write("begun");
      return res.end("ended");
    }),
  );
  // The store is up again for whoever waits: what is down stays so for a moment only.
  setInterval(() => {
    stage.down = false;
  }, 50).unref();
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

async function plan(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const calls = randomCalls(new Random(Number(req.url?.slice("/plan-".length))));
  for (const { run } of calls) {
    try {
      await run(res, () => {});
    } catch {
      // Node's own refusals.
    }
  }
  // A plan whose end was refused must not be taken for a client that hangs.
  if (!res.writableEnded) res.destroy();
}
