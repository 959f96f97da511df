import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { decodeRecord, encodeRecord } from "../src/record.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { all, Clock, describeWithServer, newKey, newRecord } from "./support.js";

describeWithServer("what is in the server", () => {
  let server: PrivateRedis;
  let client: Redis;
  const clock = new Clock();
  const open = () => redis({ url: server.url }).connect(clock);

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
  }, 150_000);
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  test("an operation is one command, and reading is one plain command", async () => {
    const store = await open();
    const [key, record, next] = [newKey(), newRecord(clock.now()), newRecord(clock.now())];
    await store.create(newKey(), record);
    await store.update(key, record, "");
    await store.touch(key, 1, "");
    const used = async (operation: () => Promise<unknown>) => {
      await client.config("RESETSTAT");
      await operation();
      return callsOf(await client.info("commandstats"));
    };
    const written = await used(() => store.create(key, record));
    expect(written).toEqual({ evalsha: 1, getrange: 1, set: 1 });
    expect(await used(() => store.read(key))).toEqual({ get: 1 });
    const updated = await used(() => store.update(key, next, record.version));
    expect(updated).toEqual({ evalsha: 1, getrange: 1, strlen: 1, set: 1 });
    const touched = await used(() => store.touch(key, record.expiresAt + 1, next.version));
    expect(touched).toEqual({ evalsha: 1, getrange: 1, strlen: 1, setrange: 1, pexpire: 1 });
    expect(await used(() => store.gc())).toEqual({});
    await store.close();
  });

  test("scripts that the server has forgotten are sent again", async () => {
    const store = await open();
    const [key, record, next] = [newKey(), newRecord(clock.now(), { owner: newKey() }), newRecord(clock.now())];
    await client.script("FLUSH");
    expect(await store.create(key, record)).toBe(true);
    await client.script("FLUSH");
    expect(await store.touch(key, record.expiresAt + 1, record.version)).toBe(true);
    await client.script("FLUSH");
    expect(await store.update(key, next, record.version)).toEqual({ written: true });
    await store.close();
  });

  test("every key has a TTL that collects a minute late", async () => {
    await client.flushdb();
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    const names = await client.keys("*");
    expect(names).toHaveLength(2);
    for (const name of names) expect(await client.pttl(name)).toBeGreaterThan(100_000);
    expect(await client.pttl(`sess:${key}`)).toBeLessThanOrEqual(120_000);
    await store.touch(key, record.expiresAt + 600_000, record.version);
    for (const name of names) expect(await client.pttl(name)).toBeGreaterThan(700_000);
    const marker = newRecord(clock.now(), { retired: "", expiresAt: clock.now() + 60_000 });
    await store.update(key, marker, record.version);
    expect(await client.pttl(`sess:${key}`)).toBeLessThanOrEqual(120_000);
    await store.close();
  });

  test("what is not ours reads as nothing and is never overwritten", async () => {
    const store = await open();
    const [record, other] = [newRecord(clock.now()), newKey()];
    const torn = (key: string) => encodeRecord(key, { ...record, data: "cut off" }, 0).slice(0, -1);
    const plants: ((key: string) => Promise<unknown>)[] = [
      (key) => client.set(`sess:${key}`, "something else"),
      (key) => client.set(`sess:${key}`, torn(key)),
      (key) => client.lpush(`sess:${key}`, "a list"),
    ];
    for (const plant of plants) {
      const key = newKey();
      await plant(key);
      const before = await client.dumpBuffer(`sess:${key}`);
      expect(await store.read(key)).toBeUndefined();
      expect(await store.create(key, record)).toBe(false);
      expect(await store.update(key, record, record.version)).toEqual({ written: false, current: undefined });
      expect(await store.touch(key, record.expiresAt + 1, record.version)).toBe(false);
      expect(await client.dumpBuffer(`sess:${key}`)).toEqual(before);
    }
    await client.set(`sess:${other}`, encodeRecord(newKey(), record, 0));
    expect(await store.update(other, record, record.version)).toEqual({ written: false, current: undefined });
    await store.close();
  });

  test("a record of a later version of this package is a typed error, and stays", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now())];
    await client.set(`sess:${key}`, `sess2 ${key}`);
    const later = { code: "SESS_ENVELOPE" };
    await expect(store.read(key)).rejects.toMatchObject(later);
    await expect(store.create(key, record)).rejects.toMatchObject(later);
    await expect(store.update(key, record, "")).rejects.toMatchObject(later);
    await expect(store.touch(key, 1, "")).rejects.toMatchObject(later);
    expect(await client.get(`sess:${key}`)).toBe(`sess2 ${key}`);
    await store.close();
  });

  test("a version and an owner longer than the first look at a record", async () => {
    const store = await open();
    const [key, owner] = [newKey(), `ö${"o".repeat(600)}`];
    const record = newRecord(clock.now(), { version: `v${"ü".repeat(400)}`, owner });
    await store.create(key, record);
    expect(await store.touch(key, record.expiresAt + 1, record.version)).toBe(true);
    expect(await store.read(key)).toEqual({ ...record, expiresAt: record.expiresAt + 1 });
    expect(await all(store.keysOf?.(owner))).toEqual([key]);
    expect(decodeRecord((await client.get(`sess:${key}`)) ?? "")?.record.owner).toBe(owner);
    await store.close();
  });
});

/** Calls by command since the statistics were reset, without those that look at the statistics. */
function callsOf(info: string): Record<string, number> {
  const calls = [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, n]) => [name, Number(n)]);
  return Object.fromEntries(calls.filter(([name]) => name !== "info" && name !== "config|resetstat"));
}
