import { afterEach, expect, test, vi } from "vitest";
import type { Disk } from "../src/disk.js";
import { disk } from "../src/disk.js";
import type { FileStore } from "../src/store.js";
import { key, openStore, randomHex, scratch, session } from "./support.js";

const newDirectory = scratch();
const start = Date.now();
const late = { code: "SESS_UNAVAILABLE", message: expect.stringContaining("9 seconds") };

afterEach(() => {
  vi.useRealTimers();
});

/** A disk on which a method never answers, as one that is about to fail or a share that is gone, from when it is told. */
function hanging(method: keyof Disk) {
  const state = { hangs: false, reached: () => {} };
  const original: (...args: never[]) => unknown = disk[method];
  const call = (...args: never[]) => {
    if (!state.hangs) return original(...args);
    state.reached();
    return new Promise(() => {});
  };
  return { state, disk: { [method]: call } as Partial<Disk> };
}

type Call = (store: FileStore, at: string, version: string) => Promise<unknown>;

const count = async (keys: AsyncIterable<string>) => {
  let found = 0;
  for await (const _ of keys) found += 1;
  return found;
};

test.each<[string, keyof Disk, Call]>([
  ["read", "list", (store, at) => store.read(at)],
  ["read", "openToRead", (store, at) => store.read(at)],
  ["read", "stat", (store, at) => store.read(at)],
  ["create", "makeDirectory", (store) => store.create(key(), session())],
  ["create", "rename", (store) => store.create(key(), session())],
  ["update", "write", (store, at, version) => store.update(at, session(), version)],
  ["update", "sync", (store, at, version) => store.update(at, session(), version)],
  ["touch", "rename", (store, at, version) => store.touch(at, start + 900_000, version)],
  ["count", "listDirectories", (store) => store.count()],
  ["count", "list", (store) => store.count()],
  ["keys", "list", (store) => count(store.keys())],
  ["keysOf", "listDirectories", (store) => count(store.keysOf("owner"))],
  ["gc", "listDirectories", (store) => store.gc()],
  ["gc", "list", (store) => store.gc()],
  ["gc", "unlink", (store) => store.gc()],
])(
  "%s settles within nine seconds of a step of it where %s never answers, and close() at once",
  async (_, method, call) => {
    const { state, disk: hung } = hanging(method);
    const store = await openStore(await newDirectory(), { disk: hung, durable: true, now: () => start });
    const [at, record] = [key(), session({ owner: "owner" })];
    await store.create(at, record);
    await store.create(key(), session({ expiresAt: start - 70_000 }));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reached = new Promise<void>((resolve) => {
      state.reached = resolve;
    });
    state.hangs = true;
    const called = expect(call(store, at, record.version)).rejects.toMatchObject(late);
    await reached;
    await vi.advanceTimersByTimeAsync(9000);
    await called;
    await store.close();
  },
);

test("no timer is left behind by a call that was answered", async () => {
  const store = await openStore(await newDirectory());
  const [at, record] = [key(), session()];
  await store.create(at, record);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await store.read(at);
  await count(store.keys());
  await store.gc();
  expect(vi.getTimerCount()).toBe(0);
});

test("listing an owner yields a key each second, even if none is the owner's", async () => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const slow: Partial<Disk> = {
    listDirectories: async (path) => {
      now += 600;
      return disk.listDirectories(path);
    },
  };
  const directory = await newDirectory();
  const store = await openStore(directory, { disk: slow });
  for (let made = 0; made < 8; made += 1)
    await store.create(`${made}${made}${randomHex(31)}`, session({ owner: "other" }));
  await store.create(`99${randomHex(31)}`, session({ owner: "owner" }));
  const steps: number[] = [];
  let before = now;
  for await (const _ of store.keysOf("owner")) {
    steps.push(now - before);
    before = now;
  }
  vi.restoreAllMocks();
  expect(Math.max(...steps)).toBeLessThanOrEqual(1800);
  expect(steps.length).toBeGreaterThan(2);
  expect(await count(store.keysOf("owner"))).toBe(1);
});
