import { afterEach, expect, test, vi } from "vitest";
import { codeOf, visit } from "../../test-support/stage.js";
import { ownerKey, sessionKey } from "../ids.js";
import { createManager } from "../manager/create-manager.js";
import { memory } from "../memory/memory.js";
import type { Provider, ProviderContext, SessionRecord, StoreConnector } from "../provider.js";

// One record that cannot be read must not keep all others of its owner alive.

const now = () => 1_800_000_000_000;

afterEach(() => {
  vi.useRealTimers();
});

/** A memory store in which some keys cannot be read or written. */
class Partial implements StoreConnector {
  readonly kind = "store";
  readonly name = "memory";
  readonly broken = new Set<string>();
  calls = 0;
  /** How long a part that is down takes to say so, ms. */
  delay = 0;
  /** After so many keys the index fails. */
  listed = Number.POSITIVE_INFINITY;
  raw!: Provider;

  async connect(context: ProviderContext): Promise<Provider> {
    const inner = await memory().connect(context);
    this.raw = inner;
    const check = async (key: string): Promise<void> => {
      this.calls++;
      if (!this.broken.has(key)) return;
      if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
      throw new Error("this part of the store is down");
    };
    return {
      read: (key) => check(key).then(() => inner.read(key)),
      create: (key, record) => check(key).then(() => inner.create(key, record)),
      update: (key, record, expected) => check(key).then(() => inner.update(key, record, expected)),
      touch: (key, expiresAt, expected) => inner.touch(key, expiresAt, expected),
      count: () => inner.count(),
      gc: () => inner.gc(),
      close: () => inner.close(),
      keysOf: (owner) => this.#keysOf(inner, owner),
    };
  }

  async *#keysOf(inner: Provider, owner: string): AsyncGenerator<string> {
    let count = 0;
    for await (const key of inner.keysOf?.(owner) ?? []) {
      if (count++ === this.listed) throw new Error("the index is down");
      yield key;
    }
  }

  async change(key: string, change: (record: SessionRecord) => SessionRecord): Promise<void> {
    const record = (await this.raw.read(key)) as SessionRecord;
    await this.raw.update(key, { ...change(record), version: "changed" }, record.version);
  }
}

async function owned(count: number) {
  const store = new Partial();
  const manager = await createManager(store, { now });
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const session = await visit(manager);
    session.set("n", n);
    session.owner = "ada";
    await session.release();
    ids.push(session.id);
  }
  const keys = ids.map((id) => sessionKey("sessionid", id));
  const living = async () => {
    let living = 0;
    for (const key of keys) if ((await store.raw.read(key))?.retired === undefined) living++;
    return living;
  };
  return { store, manager, ids, keys, living };
}

const leftOf = async (action: Promise<unknown>) =>
  action.then(
    () => [],
    (error: { cause?: { errors?: unknown[] } }) => error.cause?.errors ?? [error],
  );

test("what is damaged, or of a newer version, is ended like any other", async () => {
  const { store, manager, keys, living } = await owned(5);
  await store.change(keys[0] ?? "", (record) => ({ ...record, data: '{"e":2}\nfuture' }));
  await store.change(keys[2] ?? "", (record) => ({ ...record, data: "torn" }));
  await store.change(keys[4] ?? "", (record) => ({ ...record, data: '{"e":1,"l":-1,"p":[]}\n' }));
  expect(await manager.destroyOwned("ada")).toBe(5);
  expect(await living()).toBe(0);
});

test("and a marker of a newer version is followed", async () => {
  const { store, manager, ids, keys, living } = await owned(1);
  const session = await visit(manager, ids[0]);
  await session.regenerate();
  await store.change(keys[0] ?? "", (record) => ({ ...record, data: '{"e":2}\nfuture' }));
  expect(await manager.destroyOwned("ada")).toBe(1);
  expect([await living(), await manager.exists(session.id)]).toEqual([0, false]);
});

test("what cannot be ended is said, when all others have been", async () => {
  const { store, manager, keys, living } = await owned(6);
  for (const index of [0, 2, 3, 5]) store.broken.add(keys[index] ?? "");
  const ending = manager.destroyOwned("ada");
  const left = leftOf(ending);
  expect(await codeOf(ending)).toBe("SESS_UNAVAILABLE");
  await expect(ending).rejects.toThrow("4 of this owner's sessions could not be ended");
  expect((await left).length).toBe(4);
  expect(await living()).toBe(4);
  store.broken.clear();
  expect(await manager.destroyOwned("ada")).toBe(4);
});

test("a store that is down altogether, and takes its time to say so, is not asked for each", async () => {
  const { store, manager, keys } = await owned(40);
  for (const key of keys) store.broken.add(key);
  for (const [call, atMost] of [
    [() => manager.destroyOwned("ada"), 10_000],
    [() => manager.listOwned("ada"), 30_000],
  ] as const) {
    for (const delay of [6000, 20_000]) {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      store.delay = delay;
      store.calls = 0;
      const begun = performance.now();
      const told = call().catch((error: Error) => [error.message, performance.now() - begun]);
      await vi.advanceTimersByTimeAsync(100_000);
      const [message, took] = (await told) as [string, number];
      expect(message).toMatch(/^40 of this owner's sessions could not be/);
      expect(took).toBeLessThanOrEqual(Math.max(atMost, 2 * delay));
      expect(store.calls).toBeLessThan(20);
      vi.useRealTimers();
    }
  }
});

test("where a part of it is down, at once, all others are ended all the same", async () => {
  const { store, manager, keys, living } = await owned(60);
  // As many as are tried side by side, and more, one right after the other.
  for (const key of keys.filter((_, index) => index % 3 === 0 || index < 12)) store.broken.add(key);
  const ending = manager.destroyOwned("ada");
  const left = await leftOf(ending);
  await expect(ending).rejects.toThrow(`${store.broken.size} of this owner's sessions could not be ended`);
  expect([left.length, await living()]).toEqual([store.broken.size, store.broken.size]);
  expect(left.map(String)).not.toContainEqual(expect.stringContaining("not asked"));
});

test("records that are too large are no failure of the store: all are looked at", async () => {
  const { store, manager, keys } = await owned(12);
  for (const key of keys.slice(0, 5))
    await store.change(key, (record) => ({ ...record, data: record.data.padEnd(2e6) }));
  const listing = manager.listOwned("ada");
  const left = await leftOf(listing);
  expect(left.map((error) => (error as { code: string }).code)).toEqual(Array(5).fill("SESS_TOO_LARGE"));
  await expect(listing).rejects.toThrow("5 of this owner's sessions could not be read");
  expect(await manager.destroyOwned("ada")).toBe(12);
});

test("where the index fails on the way, what was begun is ended first, and the error is the index's", async () => {
  const { store, manager, living } = await owned(20);
  store.listed = 10;
  const ending = manager.destroyOwned("ada");
  expect(await codeOf(ending)).toBe("SESS_UNAVAILABLE");
  await expect(ending).rejects.toThrow(/keysOf/);
  expect(await living()).toBe(10);
});

test("where the Manager is closed on the way, that waits until all have been ended", async () => {
  const { store, manager } = await owned(20);
  const held: (() => void)[] = [];
  const read = store.raw.read.bind(store.raw);
  store.raw.read = (key) => new Promise((resolve) => held.push(() => resolve(read(key))));
  const ending = manager.destroyOwned("ada");
  while (held.length < 8) await new Promise((resolve) => setImmediate(resolve));
  const closing = manager.close();
  store.raw.read = read;
  for (const go of held) go();
  expect(await ending).toBe(20);
  await closing;
  expect(await codeOf(manager.destroyOwned("ada"))).toBe("SESS_CLOSED");
});

test("a list is all of them or an error that says how many are missing, and of what kind", async () => {
  const { store, manager, keys } = await owned(5);
  await store.change(keys[1] ?? "", (record) => ({ ...record, data: '{"e":2}\nfuture' }));
  await store.change(keys[3] ?? "", (record) => ({ ...record, data: '{"e":3}\nfuture' }));
  store.calls = 0;
  const listing = manager.listOwned("ada");
  expect(await codeOf(listing)).toBe("SESS_ENVELOPE");
  await expect(listing).rejects.toThrow("2 of this owner's sessions could not be read");
  expect(store.calls).toBe(5);
  store.broken.add(keys[0] ?? "");
  expect(await codeOf(manager.listOwned("ada"))).toBe("SESS_UNAVAILABLE");
});

test("errors name no key and no owner", async () => {
  const { store, manager, keys, ids } = await owned(2);
  for (const key of keys) store.broken.add(key);
  const error = await manager.destroyOwned("ada").then(
    () => undefined,
    (reason: Error & { cause: AggregateError }) => reason,
  );
  expect(error?.cause.errors).toHaveLength(2);
  const shown = JSON.stringify([error?.message, String(error?.stack), error?.cause.errors.map(String)]);
  for (const secret of [...keys, ...ids, "ada", ownerKey("sessionid", "ada")])
    expect(shown).not.toContain(`"${secret}"`);
});
