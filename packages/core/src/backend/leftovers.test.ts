import { expect, test } from "vitest";
import { codeOf, visit } from "../../test-support/stage.js";
import { ownerKey, sessionKey } from "../ids.js";
import { createManager } from "../manager/create-manager.js";
import { memory } from "../memory/memory.js";
import type { Provider, ProviderContext, SessionRecord, StoreConnector } from "../provider.js";

// One record that cannot be read must not keep all others of its owner alive.

const now = () => 1_800_000_000_000;

/** A memory store in which some keys cannot be read or written. */
class Partial implements StoreConnector {
  readonly kind = "store";
  readonly name = "memory";
  readonly broken = new Set<string>();
  calls = 0;
  raw!: Provider;

  async connect(context: ProviderContext): Promise<Provider> {
    const inner = await memory().connect(context);
    this.raw = inner;
    const check = (key: string): undefined => {
      this.calls++;
      if (this.broken.has(key)) throw new Error("this part of the store is down");
    };
    return {
      read: (key) => check(key) ?? inner.read(key),
      create: (key, record) => check(key) ?? inner.create(key, record),
      update: (key, record, expected) => check(key) ?? inner.update(key, record, expected),
      touch: (key, expiresAt, expected) => inner.touch(key, expiresAt, expected),
      count: () => inner.count(),
      gc: () => inner.gc(),
      close: () => inner.close(),
      keysOf: (owner) => inner.keysOf?.(owner) ?? [],
    } as Provider;
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

test("a store that is down altogether is not asked for each", async () => {
  const { store, manager, keys } = await owned(40);
  for (const key of keys) store.broken.add(key);
  store.calls = 0;
  await expect(manager.destroyOwned("ada")).rejects.toThrow("40 of this owner's sessions could not be ended");
  expect(store.calls).toBeLessThan(20);
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
