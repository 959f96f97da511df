import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { codeOf } from "../../test-support/stage.js";
import { Diagnostics } from "../diagnostics.js";
import { limits } from "../limits.js";
import type { Provider } from "../provider.js";
import { BoundedCalls } from "./bounded.js";
import { ReliableProvider } from "./reliable-provider.js";

const key = "0".repeat(64);

/** A provider whose every call waits for `answer` or `fail`. */
class Waiting {
  #settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
  readonly provider = new Proxy({} as Provider, {
    get: () => () =>
      new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
      }),
  });

  answer(value: unknown): void {
    this.#settle?.resolve(value);
  }

  fail(): void {
    this.#settle?.reject(new Error("down"));
  }
}

function backendOver(provider: Provider): ReliableProvider {
  const diagnostics = new Diagnostics({ provider: "waiting", namespace: "sessionid" });
  return new ReliableProvider(provider, {
    now: Date.now,
    idle: 1,
    absolute: 1,
    maxBytes: 1e6,
    managerId: "n",
    diagnostics,
    calls: new BoundedCalls(),
  });
}

describe("a provider that does not answer", () => {
  const events: unknown[] = [];
  const take = (event: unknown) => void events.push(event);
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    events.length = 0;
    subscribe("sess:store-error", take);
  });
  afterEach(() => {
    vi.useRealTimers();
    unsubscribe("sess:store-error", take);
  });

  test("a read is given up at the bound, and told of once", async () => {
    const waiting = new Waiting();
    const read = codeOf(backendOver(waiting.provider).read(key));
    await vi.advanceTimersByTimeAsync(limits.operation - 1);
    expect(events).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await read).toBe("SESS_UNAVAILABLE");
    waiting.fail();
    await vi.advanceTimersByTimeAsync(2 * limits.operation);
    expect(events).toHaveLength(1);
  });

  test("an answer in time is the answer, whatever others wait for", async () => {
    const [slow, quick] = [new Waiting(), new Waiting()];
    const provider = { read: (at: string) => (at === key ? slow : quick).provider.read(at) } as Provider;
    const reliable = backendOver(provider);
    const late = codeOf(reliable.read(key));
    await vi.advanceTimersByTimeAsync(limits.operation - 1);
    const read = reliable.read("1".repeat(64));
    await vi.advanceTimersByTimeAsync(limits.operation - 1);
    quick.answer(undefined);
    expect(await read).toBe(undefined);
    expect(await late).toBe("SESS_UNAVAILABLE");
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(limits.operation);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("count and gc take as long as there are sessions to look at, but not for good", async () => {
    for (const operation of ["count", "gc"] as const) {
      const waiting = new Waiting();
      const walk = backendOver(waiting.provider)[operation]();
      await vi.advanceTimersByTimeAsync(limits.walk - 1);
      waiting.answer(7);
      expect(await walk).toBe(7);
      const hung = codeOf(backendOver(new Waiting().provider)[operation]());
      await vi.advanceTimersByTimeAsync(limits.walk);
      expect(await hung).toBe("SESS_UNAVAILABLE");
    }
  });

  test("what is told of each belongs to its own request", async () => {
    const requests = new AsyncLocalStorage<string>();
    const heard: (string | undefined)[] = [];
    const hear = () => void heard.push(requests.getStore());
    subscribe("sess:store-error", hear);
    const reliable = backendOver(new Waiting().provider);
    const reads = ["a", "b", "c"].map((name) => requests.run(name, () => codeOf(reliable.read(key))));
    await vi.advanceTimersByTimeAsync(limits.operation);
    await Promise.all(reads);
    unsubscribe("sess:store-error", hear);
    expect(heard).toEqual(["a", "b", "c"]);
  });
});

test("a record whose list of batches is damaged is no session", async () => {
  for (const entries of ["[null]", "[5]", "[{}]", "7"]) {
    const data = `{"e":1,"c":1,"s":1,"p":${entries}}\n`;
    const record = { data, version: "v", expiresAt: Date.now() + 60_000 };
    expect(await backendOver({ read: async () => record } as unknown as Provider).read(key)).toBe(undefined);
  }
});

test("a provider that answers without a promise has answered", async () => {
  expect(await backendOver({ read: () => undefined } as unknown as Provider).read(key)).toBe(undefined);
});

test("a provider that throws instead of rejecting is a store that failed", async () => {
  const provider = {
    read: () => {
      throw new Error("down");
    },
  } as unknown as Provider;
  expect(await codeOf(backendOver(provider).read(key))).toBe("SESS_UNAVAILABLE");
});
