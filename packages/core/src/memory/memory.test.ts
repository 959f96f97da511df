import { describe, expect, test, vi } from "vitest";
import type { Provider, SessionRecord } from "../provider.js";
import { type MemoryConfig, memory } from "./memory.js";

const start = 1_800_000_000_000;
const key = (number: number) => number.toString(16).padStart(64, "0");
const session = (expiresAt = start + 600_000, version = "v1"): SessionRecord => ({ data: "data", version, expiresAt });
const marker = (expiresAt: number): SessionRecord => ({ data: "", version: "m1", expiresAt, retired: "" });

async function list(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const one of keys ?? []) found.push(one);
  return found;
}

function clocked(config?: MemoryConfig) {
  const clock = { time: start };
  const connector = memory(config);
  return { clock, open: () => connector.connect({ now: () => clock.time, contract: 1 }) };
}

async function fill(provider: Provider, count: number, expiresAt?: number, from = 0): Promise<void> {
  for (let index = 0; index < count; index += 1) await provider.create(key(from + index), session(expiresAt));
}

describe("configuration", () => {
  test.each([undefined, "", {}, { maxSessions: 1 }])("accepts %j", (config) => {
    expect(memory(config)).toMatchObject({ kind: "store", name: "memory" });
  });

  test.each(["/tmp", " ", "{}"])("refuses the string %j", (config) => {
    expect(() => memory(config)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses maxSessions %d by name", (maxSessions) => {
    const refusal = expect.objectContaining({ code: "SESS_CONFIG", message: expect.stringContaining("maxSessions") });
    expect(() => memory({ maxSessions })).toThrow(refusal);
  });
});

describe("in a worker of a cluster", () => {
  const warnings = async (isWorker: boolean, connects: number) => {
    vi.resetModules();
    vi.doMock("node:cluster", () => ({ default: { isWorker } }));
    const emit = vi
      .spyOn(process, "emitWarning")
      .mockImplementation(() => {})
      .mockClear();
    const fresh = await import("./memory.js");
    for (let index = 0; index < connects; index += 1) {
      await fresh.memory().connect({ now: Date.now, contract: 1 });
    }
    const told = emit.mock.calls.map(([message, options]) => [String(message), options]);
    vi.doUnmock("node:cluster");
    emit.mockRestore();
    return told;
  };

  test("it warns once that each worker has sessions of its own", async () => {
    expect(await warnings(true, 3)).toEqual([
      [expect.stringMatching(/each worker keeps sessions of its own/), { code: "SESS_MEMORY_IN_CLUSTER" }],
    ]);
  });

  test("elsewhere it does not", async () => {
    expect(await warnings(false, 3)).toEqual([]);
  });
});

describe("handles", () => {
  test("those of one connector share a store, those of another do not", async () => {
    const { open } = clocked();
    const [one, two, other] = [await open(), await open(), await clocked().open()];
    await one.create(key(1), session());
    expect(await two.read(key(1))).toEqual(session());
    expect(await other.read(key(1))).toBeUndefined();
  });

  test("closing one leaves the other and the data", async () => {
    const { open } = clocked();
    const [one, two] = [await open(), await open()];
    await one.create(key(1), session());
    await one.close();
    await one.close();
    const closed = { code: "SESS_CLOSED", status: 503 };
    await expect(one.read(key(1))).rejects.toMatchObject(closed);
    await expect(one.create(key(2), session())).rejects.toMatchObject(closed);
    await expect(one.update(key(1), session(), "v1")).rejects.toMatchObject(closed);
    await expect(one.touch(key(1), start, "v1")).rejects.toMatchObject(closed);
    await expect(one.count()).rejects.toMatchObject(closed);
    await expect(one.gc()).rejects.toMatchObject(closed);
    await expect(list(one.keys?.())).rejects.toMatchObject(closed);
    await expect(list(one.keysOf?.("owner"))).rejects.toMatchObject(closed);
    expect(await two.count()).toBe(1);
  });

  test("keeps the contract's own fields and nothing else", async () => {
    const provider = await clocked().open();
    await provider.create(key(1), { ...session(), request: {} } as SessionRecord);
    expect(await provider.read(key(1))).toStrictEqual(session());
  });
});

describe("the bound", () => {
  test("the least recently used session goes first", async () => {
    const provider = await clocked({ maxSessions: 3 }).open();
    await fill(provider, 3);
    await provider.read(key(0));
    await provider.create(key(3), session());
    expect(await list(provider.keys?.())).toEqual([key(0), key(2), key(3)]);
  });

  test.each<[string, (provider: Provider) => Promise<unknown>]>([
    ["read", (provider) => provider.read(key(0))],
    ["update", (provider) => provider.update(key(0), session(), "v1")],
    ["touch", (provider) => provider.touch(key(0), start + 700_000, "v1")],
    ["touch that moves nothing", (provider) => provider.touch(key(0), start, "v1")],
  ])("%s is a use", async (_, use) => {
    const provider = await clocked({ maxSessions: 2 }).open();
    await fill(provider, 2);
    await use(provider);
    await provider.create(key(2), session());
    expect(await list(provider.keys?.())).toEqual([key(0), key(2)]);
  });

  test("an expired session goes before any living one", async () => {
    const { clock, open } = clocked({ maxSessions: 2 });
    const provider = await open();
    await fill(provider, 1);
    await provider.create(key(1), session(start + 10));
    clock.time += 10;
    await provider.create(key(2), session());
    expect(await list(provider.keys?.())).toEqual([key(0), key(2)]);
  });

  test("markers take no session's place and never go while unexpired", async () => {
    const { clock, open } = clocked({ maxSessions: 1 });
    const provider = await open();
    for (let index = 0; index < 20; index += 1) {
      await provider.create(key(index), session());
      await provider.update(key(index), marker(start + 100_000), "v1");
    }
    await provider.create(key(20), session());
    clock.time += 99_999;
    for (let index = 0; index < 20; index += 1) expect(await provider.read(key(index))).toBeDefined();
    expect(await provider.count()).toBe(1);
  });

  test("markers have a bound of their own: the one that expires first is forgotten, and no session for it", async () => {
    const most = 10_000;
    const provider = await clocked({ maxSessions: 5 }).open();
    await fill(provider, 5, undefined, 1_000_000);
    const retire = (index: number) => provider.create(key(index), marker(start + 120_000 + (index === 7 ? 0 : index)));
    for (let index = 1; index <= most; index += 1) await retire(index);
    expect(await provider.read(key(7))).toBeDefined();
    for (let index = most + 1; index <= most + 100; index += 1) await retire(index);
    const there: number[] = [];
    for (let index = 1; index <= most + 100; index += 1) if (await provider.read(key(index))) there.push(index);
    expect(there).toHaveLength(most);
    expect(there.slice(0, 2)).toEqual([101, 102]);
    expect(await provider.count()).toBe(5);
  });

  test("as many markers are kept as sessions may be, where that is more", async () => {
    const provider = await clocked({ maxSessions: 10_050 }).open();
    for (let index = 0; index < 10_100; index += 1) await provider.create(key(index), marker(start + 120_000 + index));
    expect(await provider.read(key(49))).toBeUndefined();
    expect(await provider.read(key(50))).toBeDefined();
  });

  test("a session that is destroyed once its marker was forgotten stays destroyed", async () => {
    const provider = await clocked({ maxSessions: 1 }).open();
    await provider.create(key(1), session());
    await provider.update(key(1), { ...marker(start + 1), version: "m1" }, "v1");
    for (let index = 2; index < 10_010; index += 1) await provider.create(key(index), marker(start + 120_000));
    expect(await provider.read(key(1))).toBeUndefined();
    expect(await provider.update(key(1), session(), "v1")).toEqual({ written: false, current: undefined });
    expect(await provider.touch(key(1), start + 1000, "v1")).toBe(false);
  });

  test("markers do not pile up where nobody calls gc", async () => {
    const { clock, open } = clocked();
    const provider = await open();
    const retire = async (index: number) => {
      await provider.create(key(index), session(clock.time + 1000));
      await provider.update(key(index), marker(clock.time + 1000), "v1");
    };
    for (let index = 0; index < 20; index += 1) await retire(index);
    clock.time += 61_000;
    for (let index = 20; index < 30; index += 1) await retire(index);
    clock.time += 61_000;
    expect(await provider.gc()).toBe(10);
  });
});

describe("gc", () => {
  test("lets the event loop turn between batches and stops when its handle closes", async () => {
    const { clock, open } = clocked();
    const [provider, other] = [await open(), await open()];
    await fill(provider, 2500, start + 1);
    clock.time += 60_001;
    let turns = 0;
    const turn = () => {
      turns += 1;
      setImmediate(turn).unref();
    };
    setImmediate(turn);
    expect(await provider.gc()).toBe(2500);
    expect(turns).toBeGreaterThanOrEqual(2);

    await fill(provider, 2500, clock.time + 1);
    clock.time += 60_001;
    const stopped = provider.gc();
    await provider.close();
    const removed = await stopped;
    expect(removed).toBeLessThan(2500);
    expect(await other.gc()).toBe(2500 - removed);
  });

  test("a clock that steps back revives what was not collected and breaks nothing", async () => {
    const { clock, open } = clocked();
    const provider = await open();
    await fill(provider, 10, start + 1000);
    await fill(provider, 10, start + 200_000, 10);
    clock.time = start + 61_000;
    expect(await provider.gc()).toBe(10);
    clock.time = start - 500_000;
    expect(await provider.count()).toBe(10);
    expect(await provider.gc()).toBe(0);
    await fill(provider, 5, clock.time + 10, 30);
    expect(await provider.count()).toBe(15);
    clock.time = start + 260_000;
    expect(await provider.gc()).toBe(15);
    expect(await provider.count()).toBe(0);
  });
});

describe("listing", () => {
  test("ends though a session is created for each one listed, and reading on the way changes nothing", async () => {
    const provider = await clocked().open();
    await fill(provider, 100);
    const seen: string[] = [];
    for await (const one of provider.keys?.() ?? []) {
      seen.push(one);
      await provider.read(one);
      await provider.create(key(1000 + seen.length), session());
    }
    expect(seen).toHaveLength(100);
  });

  test("stops when its handle closes", async () => {
    const provider = await clocked().open();
    await fill(provider, 3);
    const keys = provider.keys?.()[Symbol.asyncIterator]();
    expect(await keys?.next()).toMatchObject({ done: false });
    await provider.close();
    await expect(keys?.next()).rejects.toMatchObject({ code: "SESS_CLOSED" });
  });
});
