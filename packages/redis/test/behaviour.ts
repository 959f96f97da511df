import type { Provider } from "@sess/core";
import { expect, test } from "vitest";
import { all, Clock, newKey, newRecord } from "./support.js";

/** Opens a provider on the server under test. The same prefix reaches the same data. */
export type Open = (prefix: string, clock: Clock) => Promise<Provider>;

/** What the contract asks of one method at a time; registered once for each kind of client. */
export function behaves(open: Open): void {
  const setUp = async () => {
    const clock = new Clock();
    const prefix = `t${newKey().slice(0, 12)}:`;
    const store = await open(prefix, clock);
    return { clock, prefix, store, key: newKey(), record: newRecord(clock.now()) };
  };

  test("create, read, and nothing else under another key", async () => {
    const { store, key, record } = await setUp();
    expect(await store.read(key)).toBeUndefined();
    expect(await store.create(key, record)).toBe(true);
    expect(await store.read(key)).toEqual(record);
    expect(await store.create(key, newRecord(Date.now()))).toBe(false);
    expect(await store.read(newKey())).toBeUndefined();
    await store.close();
  });

  test("every field comes back as it went in", async () => {
    const { store, clock, record } = await setUp();
    const data = '\0 \r\n "\\ __proto__ \u{1F600} \uFEFF ü %s {0}'.repeat(500);
    for (const fields of [
      { data },
      { owner: newKey() },
      { retired: "", owner: newKey() },
      { retired: newKey(), data: "" },
    ]) {
      const [key, full] = [newKey(), { ...record, ...fields }];
      await store.create(key, full);
      expect(await store.read(key)).toEqual(full);
      const next = newRecord(clock.now(), fields);
      expect(await store.update(key, next, full.version)).toEqual({ written: true });
      expect(await store.read(key)).toEqual(next);
    }
    await store.close();
  });

  test("expiry is exact to the millisecond, by the clock that is passed", async () => {
    const { store, clock, key, record } = await setUp();
    await store.create(key, record);
    clock.advance(59_999);
    expect(await store.read(key)).toEqual(record);
    expect(await store.create(key, record)).toBe(false);
    expect(await store.count()).toBe(1);
    clock.advance(1);
    expect(await store.read(key)).toBeUndefined();
    expect(await store.count()).toBe(0);
    expect(await store.touch(key, clock.now() + 9, record.version)).toBe(false);
    const next = newRecord(clock.now());
    expect(await store.update(key, next, record.version)).toEqual({ written: false, current: undefined });
    expect(await store.create(key, next)).toBe(true);
    expect(await store.read(key)).toEqual(next);
    await store.close();
  });

  test("update replaces only what it expects, and a refusal shows what is there", async () => {
    const { store, clock, key, record } = await setUp();
    const next = newRecord(clock.now());
    expect(await store.update(key, next, record.version)).toEqual({ written: false, current: undefined });
    expect(await store.read(key)).toBeUndefined();
    await store.create(key, record);
    expect(await store.update(key, next, "other")).toEqual({ written: false, current: record });
    expect(await store.update(key, next, record.version)).toEqual({ written: true });
    expect(await store.update(key, record, record.version)).toEqual({ written: false, current: next });
    await store.close();
  });

  test("update keeps the later expiry, and a marker brings its own", async () => {
    const { store, clock, key, record } = await setUp();
    await store.create(key, record);
    const shorter = newRecord(clock.now(), { expiresAt: clock.now() + 1 });
    await store.update(key, shorter, record.version);
    expect(await store.read(key)).toEqual({ ...shorter, expiresAt: record.expiresAt });
    const marker = newRecord(clock.now(), { expiresAt: clock.now() + 2, retired: "" });
    await store.update(key, marker, shorter.version);
    expect(await store.read(key)).toEqual(marker);
    const final = newRecord(clock.now(), { retired: newKey() });
    expect(await store.update(key, final, marker.version)).toEqual({ written: true });
    expect(await store.read(key)).toEqual(final);
    await store.close();
  });

  test("touch moves the expiry on, never back, and nothing but the expiry", async () => {
    const { store, clock, key, record } = await setUp();
    await store.create(key, record);
    expect(await store.touch(key, record.expiresAt - 1, record.version)).toBe(true);
    expect(await store.read(key)).toEqual(record);
    expect(await store.touch(key, record.expiresAt + 1, "other")).toBe(false);
    expect(await store.touch(key, record.expiresAt + 60_000, record.version)).toBe(true);
    expect(await store.read(key)).toEqual({ ...record, expiresAt: record.expiresAt + 60_000 });
    clock.advance(119_999);
    expect(await store.read(key)).toBeDefined();
    const marker = newRecord(clock.now(), { retired: "" });
    await store.update(key, marker, record.version);
    expect(await store.touch(key, marker.expiresAt + 1, marker.version)).toBe(false);
    expect(await store.touch(newKey(), marker.expiresAt, marker.version)).toBe(false);
    await store.close();
  });

  test("count and keys see this prefix only, and no markers are counted", async () => {
    const { store, clock, prefix } = await setUp();
    const longer = await open(`${prefix}a`, clock);
    const globbing = await open(`${prefix}*[a-z]?\\^`, clock);
    const keys = Array.from({ length: 1200 }, newKey);
    await Promise.all(keys.map((key) => store.create(key, newRecord(clock.now()))));
    const [marker, other, strange] = [newKey(), newKey(), newKey()];
    await store.create(marker, newRecord(clock.now(), { retired: "" }));
    await longer.create(other, newRecord(clock.now(), { owner: "o" }));
    await globbing.create(strange, newRecord(clock.now()));
    expect(await store.count()).toBe(1200);
    expect(new Set(await all(store.keys?.()))).toEqual(new Set([...keys, marker]));
    expect([await longer.count(), await all(longer.keys?.())]).toEqual([1, [other]]);
    expect([await globbing.count(), await all(globbing.keys?.())]).toEqual([1, [strange]]);
    expect(await store.gc()).toBe(0);
    await Promise.all([store.close(), longer.close(), globbing.close()]);
  });

  test("of two handles that write, create or touch at once one wins", async () => {
    const { store, clock, prefix, record } = await setUp();
    const other = await open(prefix, clock);
    for (let round = 0; round < 50; round++) {
      const key = newKey();
      const [mine, theirs] = [newRecord(clock.now()), newRecord(clock.now())];
      const created = await Promise.all([store.create(key, mine), other.create(key, theirs)]);
      expect(created.filter(Boolean)).toHaveLength(1);
      const first = created[0] ? mine : theirs;
      const [a, b] = [newRecord(clock.now()), newRecord(clock.now())];
      const updated = await Promise.all([store.update(key, a, first.version), other.update(key, b, first.version)]);
      const winner = updated[0]?.written ? a : b;
      expect(updated).toContainEqual({ written: true });
      expect(updated).toContainEqual({ written: false, current: winner });
      expect(await store.touch(key, record.expiresAt, first.version)).toBe(false);
    }
    await Promise.all([store.close(), other.close()]);
  });

  test("close is idempotent, and every method rejects after it", async () => {
    const { store, key, record } = await setUp();
    await Promise.all([store.close(), store.close()]);
    const methods = [
      () => store.read(key),
      () => store.create(key, record),
      () => store.update(key, record, ""),
      () => store.touch(key, 1, ""),
      () => store.count(),
      () => store.gc(),
      () => all(store.keys?.()),
      () => all(store.keysOf?.("o")),
    ];
    for (const method of methods) await expect(method()).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await store.close();
  });
}
