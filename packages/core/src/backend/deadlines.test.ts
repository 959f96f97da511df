import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { codeOf, stored, visit } from "../../test-support/stage.js";
import { createManager } from "../manager/create-manager.js";
import { memory } from "../memory/memory.js";
import type { Provider, ProviderContext, SessionRecord, StoreConnector } from "../provider.js";
import type { Session } from "../session/session.js";
import type { SessionData, SessionStore } from "../session/session-store.js";

// How long anything that is asked for may take, whatever the store does. The figures are those of core's README.

const operation = 10_000;
const walk = 600_000;

type Call = keyof Provider;

/** A memory store whose calls can be made to hang, to take their time, or to be refused for ever. */
class Trouble implements StoreConnector {
  readonly kind = "store";
  readonly name = "memory";
  readonly hangs = new Set<Call>();
  readonly calls: Call[] = [];
  /** How long each call takes, ms. */
  delay = 0;
  /** Whether somebody else always writes the first session first. */
  overtaken = false;
  /** Whether every call is rejected when it has taken its time. */
  fails = false;
  walksClosed = 0;
  #inner: Provider | undefined;
  #firstKey: string | undefined;

  async connect(context: ProviderContext): Promise<Provider> {
    const inner = await memory().connect(context);
    this.#inner = inner;
    const overtake = async (key: string) => {
      const record = this.overtaken && key === this.#firstKey ? await inner.read(key) : undefined;
      if (record !== undefined && record.retired === undefined) {
        const other: SessionRecord = { ...record, version: `${Math.random()}` };
        await inner.update(key, other, record.version);
      }
    };
    return {
      read: (key) => this.#run("read", () => inner.read(key)),
      create: (key, record) => {
        this.#firstKey ??= key;
        return this.#run("create", () => inner.create(key, record));
      },
      update: (key, record, expected) =>
        this.#run("update", async () => {
          await overtake(key);
          return inner.update(key, record, expected);
        }),
      touch: (key, expiresAt, expected) => this.#run("touch", () => inner.touch(key, expiresAt, expected)),
      count: () => this.#run("count", () => inner.count()),
      gc: () => this.#run("gc", () => inner.gc()),
      close: () => this.#run("close", () => inner.close()),
      keysOf: (owner) => this.#keysOf(owner),
    };
  }

  #keysOf(owner: string): AsyncIterable<string> {
    const keys = this.#inner?.keysOf?.(owner)[Symbol.asyncIterator]();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => this.#run("keysOf", async () => keys?.next() ?? { done: true, value: undefined }),
        return: async () => {
          this.walksClosed++;
          return { done: true, value: undefined };
        },
      }),
    };
  }

  async #run<T>(call: Call, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    if (this.hangs.has(call)) return new Promise(() => {});
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.fails) throw new Error("down");
    return work();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What became of something, and after how long. */
function outcomeOf(action: Promise<unknown>): () => [code: string, after: number] | undefined {
  const begun = performance.now();
  let outcome: [string, number] | undefined;
  void codeOf(action).then((code) => {
    outcome = [code, performance.now() - begun];
  });
  return () => outcome;
}

async function site() {
  const store = new Trouble();
  return { store, manager: await createManager(store) };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const commitForResponse = (session: object) => Promise.resolve((session as Session<SessionData>).forResponse.commit());

type Asks = (session: SessionStore<SessionData>) => Promise<unknown>;
const operations: [name: string, hangs: Call, asks: Asks][] = [
  ["update", "update", (session) => session.update("n", () => 1)],
  [
    "release",
    "update",
    (session) => {
      session.set("n", 1);
      return session.release();
    },
  ],
  [
    "the response",
    "update",
    (session) => {
      session.set("n", 1);
      return commitForResponse(session);
    },
  ],
  ["reload", "read", (session) => session.reload()],
  ["regenerate, as it creates", "create", (session) => session.regenerate()],
  ["regenerate, as it retires", "update", (session) => session.regenerate()],
  ["destroy", "update", (session) => session.destroy()],
];

describe("one operation: ten seconds from the moment it is asked for", () => {
  test.each(operations)("%s over a store that hangs", async (_, hangs, asks) => {
    const { store, manager } = await site();
    const session = await visit(manager, await stored(manager));
    store.hangs.add(hangs);
    const outcome = outcomeOf(asks(session));
    await pass(operation - 1);
    expect(outcome()).toBe(undefined);
    await pass(1);
    expect(outcome()).toEqual(["SESS_UNAVAILABLE", operation]);
  });

  test("to load, to ask whether there is one, and to start", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    store.hangs.add("read");
    const outcomes = [manager.load(id), manager.exists(id), visit(manager, id)].map(outcomeOf);
    await pass(operation);
    expect(outcomes.map((outcome) => outcome())).toEqual(Array(3).fill(["SESS_UNAVAILABLE", operation]));
  });

  test.each(operations)("%s that waits for others of its session, each in its own request", async (_, __, asks) => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const sessions = await Promise.all(Array.from({ length: 6 }, () => visit(manager, id)));
    store.hangs.add("update").add("create").add("read");
    const outcomes: (() => [string, number] | undefined)[] = [];
    for (const session of sessions) {
      outcomes.push(outcomeOf(asks(session)));
      await pass(700);
    }
    await pass(operation);
    expect(outcomes.map((outcome) => outcome())).toEqual(Array(6).fill(["SESS_UNAVAILABLE", operation]));
  });

  test.each(operations)("%s that waits for others of its own request", async (_, __, asks) => {
    const { store, manager } = await site();
    const session = await visit(manager, await stored(manager));
    store.hangs.add("update").add("create").add("read");
    const outcomes: (() => [string, number] | undefined)[] = [];
    for (const other of [session.update("n", () => 1), session.regenerate(), session.destroy()]) {
      outcomes.push(outcomeOf(other));
    }
    await pass(300);
    outcomes.push(outcomeOf(asks(session)));
    await pass(operation);
    for (const outcome of outcomes) expect(outcome()?.[1]).toBeLessThanOrEqual(operation);
  });

  test("what waited behind a store that hung is carried out in the time that is left", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const [hung, behind] = [await visit(manager, id), await visit(manager, id)];
    store.hangs.add("update");
    const first = outcomeOf(hung.update("n", () => 1));
    await pass(4_000);
    const second = outcomeOf(behind.destroy());
    store.hangs.clear();
    await pass(operation - 4_000);
    expect([first()?.[0], second()]).toEqual(["SESS_UNAVAILABLE", ["accepted", operation - 4_000]]);
    expect(await manager.exists(id)).toBe(false);
  });

  test("a new id whose old one may have been retired is the session's, and its cookie goes out", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const session = await visit(manager, id);
    store.hangs.add("update");
    const outcome = outcomeOf(session.regenerate());
    await pass(operation);
    expect(outcome()).toEqual(["SESS_UNAVAILABLE", operation]);
    expect(session.id).not.toBe(id);
    expect((session as Session<SessionData>).forResponse.state.cookieDue).toBe("set");
    expect(await manager.exists(session.id)).toBe(true);
  });

  test("of a batch each is told at his own deadline, and a function that was given up does not run again", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const [before, one, other] = [await visit(manager, id), await visit(manager, id), await visit(manager, id)];
    store.delay = 3_000;
    const first = outcomeOf(before.update("n", () => 0));
    let runs = 0;
    const outcome = outcomeOf(one.update("n", () => ++runs));
    await pass(2_900);
    const later = outcomeOf(other.update("n", () => 0));
    await pass(100);
    store.delay = 5;
    store.overtaken = true;
    await pass(operation - 3_000);
    expect([first()?.[0], outcome()]).toEqual(["accepted", ["SESS_CONFLICT", operation]]);
    const ran = runs;
    expect([ran > 0, later()]).toEqual([true, undefined]);
    await pass(3_000);
    expect(later()?.[0]).toBe("SESS_CONFLICT");
    expect(later()?.[1]).toBeLessThanOrEqual(operation);
    expect(runs).toBe(ran);
  });

  test("what was refused once and is being sent again may be done: that is no SESS_CONFLICT", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const session = await visit(manager, id);
    store.delay = 3_000;
    store.overtaken = true;
    const outcome = outcomeOf(session.update("n", () => 7));
    await pass(2_900);
    store.delay = 9_000;
    await pass(200);
    store.overtaken = false;
    await pass(operation - 3_100);
    expect(outcome()).toEqual(["SESS_UNAVAILABLE", operation]);
    store.delay = 0;
    await pass(3_000);
    expect((await manager.load(id))?.get("n")).toBe(7);
  });

  test("what has waited too long by the Manager's clock is not begun", async () => {
    let now = Date.now();
    const store = new Trouble();
    const manager = await createManager(store, { now: () => now });
    const id = await stored(manager);
    const [first, behind] = [await visit(manager, id), await visit(manager, id)];
    store.calls.length = 0;
    store.delay = 1_000;
    const outcomes = [outcomeOf(first.update("n", () => 1)), outcomeOf(behind.update("n", () => 2))];
    now += operation;
    await pass(5_000);
    expect(outcomes.map((outcome) => outcome())).toEqual([
      ["accepted", 1_000],
      ["SESS_UNAVAILABLE", 1_000],
    ]);
    expect(store.calls).toEqual(["update"]);
  });

  test("a request that always has more under way does not keep its release, or its response, from ending", async () => {
    const { store, manager } = await site();
    const session = await visit(manager, await stored(manager));
    store.delay = 10;
    let goesOn = true;
    const keepBusy = async () => {
      while (goesOn) await session.update("n", (n) => Number(n ?? 0) + 1);
    };
    const both = [keepBusy()];
    await pass(5);
    both.push(keepBusy());
    const outcomes = [outcomeOf(session.release()), outcomeOf(Promise.resolve(session[Symbol.asyncDispose]()))];
    await pass(operation);
    expect(outcomes.map((outcome) => outcome())).toEqual([
      ["SESS_UNAVAILABLE", operation],
      ["accepted", operation],
    ]);
    goesOn = false;
    await pass(100);
    await Promise.all(both);
  });
});

describe("a store that rejects after two seconds, as Redis' commandTimeout has it", () => {
  test("a read is not tried again; a write is, for five seconds, and so ends within ten", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const session = await visit(manager, id);
    store.delay = 2_000;
    store.fails = true;
    const read = outcomeOf(manager.exists(id));
    await pass(operation);
    expect(read()).toEqual(["SESS_UNAVAILABLE", 2_000]);
    store.calls.length = 0;
    const write = outcomeOf(session.update("n", () => 1));
    await pass(operation);
    const [code, after] = write() ?? [];
    expect([code, store.calls]).toEqual(["SESS_UNAVAILABLE", ["update", "update", "update"]]);
    expect(after).toBeGreaterThanOrEqual(6_000);
    expect(after).toBeLessThan(6_100);
  });

  test("twelve new ids of one session, asked for at once, have been refused after ten", async () => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const sessions = await Promise.all(Array.from({ length: 12 }, () => visit(manager, id)));
    store.delay = 2_000;
    store.fails = true;
    const outcomes = sessions.map((session) => outcomeOf(session.regenerate()));
    await pass(operation);
    for (const outcome of outcomes) expect(outcome()?.[0]).toBe("SESS_UNAVAILABLE");
    for (const outcome of outcomes) expect(outcome()?.[1]).toBeLessThanOrEqual(operation);
  });
});

describe("somebody who always writes first: SESS_CONFLICT after ten seconds, and not without a pause", () => {
  const writes: [string, Asks][] = [
    ["update", (session) => session.update("n", () => 1)],
    ["regenerate", (session) => session.regenerate()],
    ["destroy", (session) => session.destroy()],
  ];

  test.each(writes)("%s", async (_, asks) => {
    const { store, manager } = await site();
    const session = await visit(manager, await stored(manager));
    store.calls.length = 0;
    store.overtaken = true;
    const outcome = outcomeOf(asks(session));
    await pass(operation + 1);
    expect(outcome()?.[0]).toBe("SESS_CONFLICT");
    expect(outcome()?.[1]).toBeGreaterThan(operation - 25);
    expect(outcome()?.[1]).toBeLessThanOrEqual(operation);
    // Ten milliseconds apart, as they are in the mean.
    expect(store.calls.length).toBeLessThan(3_000);
  });

  test.each(writes)("%s, refused slowly, in ten seconds all the same", async (_, asks) => {
    const { store, manager } = await site();
    const id = await stored(manager);
    const [session, behind] = [await visit(manager, id), await visit(manager, id)];
    store.delay = 3_000;
    store.overtaken = true;
    const outcomes = [outcomeOf(asks(session)), outcomeOf(behind.update("n", () => 2))];
    await pass(operation);
    for (const outcome of outcomes) expect(outcome()?.[1]).toBeLessThanOrEqual(operation);
  });
});

describe("close(): ten seconds for what is under way, ten for the provider", () => {
  test("writes that hang are given up by then, and nothing is asked of a closed provider", async () => {
    const { store, manager } = await site();
    const ids = await Promise.all([stored(manager), stored(manager)]);
    const sessions = await Promise.all([...ids, ...ids, ...ids].map((id) => visit(manager, id)));
    store.hangs.add("update").add("create");
    const writes = sessions.map((session, index) =>
      outcomeOf(index % 2 ? session.regenerate() : session.update("n", () => 1)),
    );
    await pass(3_000);
    const closing = outcomeOf(manager.close());
    await pass(operation);
    expect(closing()?.[0]).toBe("accepted");
    expect(closing()?.[1]).toBeLessThanOrEqual(operation);
    for (const write of writes) expect(write()?.[0]).toBe("SESS_UNAVAILABLE");
    expect(store.calls.at(-1)).toBe("close");
  });

  test("no timer is left", async () => {
    const { manager } = await site();
    await stored(manager);
    await manager.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a provider that does not close is told of", async () => {
    const { store, manager } = await site();
    const session = await visit(manager, await stored(manager));
    store.hangs.add("close").add("update");
    void codeOf(session.update("n", () => 1));
    const closing = outcomeOf(manager.close());
    await pass(2 * operation - 1);
    expect(closing()).toBe(undefined);
    await pass(1);
    expect(closing()).toEqual(["SESS_UNAVAILABLE", 2 * operation]);
  });
});

describe("walks: ten seconds a step", () => {
  async function owned(count: number) {
    const { store, manager } = await site();
    for (let n = 0; n < count; n++) {
      const session = await visit(manager);
      session.set("n", n);
      session.owner = "ada";
      await session.release();
    }
    return { store, manager };
  }

  test.each(["listOwned", "destroyOwned"] as const)("%s over an index that hangs", async (ask) => {
    const { store, manager } = await owned(2);
    store.hangs.add("keysOf");
    const outcome = outcomeOf(manager[ask]("ada"));
    await pass(operation);
    expect(outcome()).toEqual(["SESS_UNAVAILABLE", operation]);
    expect(store.walksClosed).toBe(1);
  });

  test("one that is slow at every step runs to its end", async () => {
    const { store, manager } = await owned(3);
    store.delay = 6_000;
    const outcome = outcomeOf(manager.listOwned("ada"));
    await pass(10 * operation);
    expect(outcome()?.[0]).toBe("accepted");
    expect(outcome()?.[1]).toBeGreaterThan(operation);
    expect(store.walksClosed).toBe(0);
  });

  test("counting and collecting: ten minutes, and the GC timer continues after one that hangs", async () => {
    const { store, manager } = await site();
    store.hangs.add("count").add("gc");
    const outcomes = [outcomeOf(manager.count()), outcomeOf(manager.gc())];
    await pass(walk - 1);
    expect(outcomes.map((outcome) => outcome())).toEqual([undefined, undefined]);
    await pass(1);
    expect(outcomes.map((outcome) => outcome())).toEqual(Array(2).fill(["SESS_UNAVAILABLE", walk]));
    const collections = () => store.calls.filter((call) => call === "gc").length;
    const stop = manager.startGC();
    await pass(3_600_000);
    expect(collections()).toBe(2);
    store.hangs.clear();
    await pass(3_600_000);
    expect(collections()).toBe(3);
    stop();
  });
});
