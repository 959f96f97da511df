import { createManager, type Provider, type SessionRecord } from "@sess/core";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IoredisClient, redis } from "../src/provider.js";
import { dieAfter, gated, methodsOf } from "./clients.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { all, Clock, describeWithServer, newKey, newRecord } from "./support.js";

const hour = 3_600_000;

describeWithServer("the index of owners", () => {
  let server: PrivateRedis;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.url);
  }, 150_000);
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  const setUp = async () => {
    const clock = new Clock();
    const store = await redis({ client }).connect(clock);
    const [key, owner] = [newKey(), newKey()];
    const record = newRecord(clock.now(), { owner, expiresAt: clock.now() + hour });
    return { clock, store, key, owner, record, ofOwner: () => all(store.keysOf?.(owner)) };
  };
  const evaluations = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);

  test("finds sessions and markers of one owner, and not those of another", async () => {
    const { store, clock, key, owner, record, ofOwner } = await setUp();
    expect(await ofOwner()).toEqual([]);
    await store.create(key, record);
    await store.create(newKey(), newRecord(clock.now(), { owner: newKey() }));
    await store.create(newKey(), newRecord(clock.now()));
    expect(await ofOwner()).toEqual([key]);
    await store.update(key, newRecord(clock.now(), { owner, retired: "" }), record.version);
    expect(await ofOwner()).toEqual([key]);
  });

  test("finds a session whose owner came with an update, and that of the new one when it changes", async () => {
    const { store, clock, key, owner, ofOwner } = await setUp();
    const [first, second, third] = [newRecord(clock.now()), newRecord(clock.now(), { owner }), newKey()];
    await store.create(key, first);
    expect(await store.update(key, second, first.version)).toEqual({ written: true });
    expect(await ofOwner()).toEqual([key]);
    expect(await store.update(key, newRecord(clock.now(), { owner: third }), second.version)).toEqual({
      written: true,
    });
    expect(await all(store.keysOf?.(third))).toEqual([key]);
  });

  test("holds thousands, each once", async () => {
    const { clock, record, owner } = await setUp();
    const store = await redis({ client, commandTimeout: 9000 }).connect(clock);
    const ofOwner = () => all(store.keysOf?.(owner));
    const keys = Array.from({ length: 3000 }, newKey);
    await Promise.all(keys.map((key) => store.create(key, record)));
    const found = await ofOwner();
    expect(found).toHaveLength(3000);
    expect(new Set(found)).toEqual(new Set(keys));
  });

  describe.each(["touch", "update"] as const)("extended by %s", (way) => {
    test("an entry never goes before its session, however long that lives", async () => {
      const { store, clock, key, owner, record, ofOwner } = await setUp();
      let version = record.version;
      await store.create(key, record);
      for (let step = 0; step < 40; step++) {
        clock.advance(hour - 1);
        const next = newRecord(clock.now(), { owner, expiresAt: clock.now() + hour });
        if (way === "touch") expect(await store.touch(key, next.expiresAt, version)).toBe(true);
        else {
          expect(await store.update(key, next, version)).toEqual({ written: true });
          version = next.version;
        }
        // Another session of the owner's prunes what may be pruned.
        await store.create(newKey(), newRecord(clock.now(), { owner }));
        expect(await ofOwner()).toContain(key);
      }
      clock.advance(2 * hour + 60_000);
      await store.create(newKey(), newRecord(clock.now(), { owner }));
      expect(await ofOwner()).not.toContain(key);
    });

    test("costs one command, and three about once in an idle lifetime", async () => {
      const { store, clock, key, owner, record } = await setUp();
      let version = record.version;
      await store.create(key, record);
      await client.config("RESETSTAT");
      for (let minute = 0; minute < 180; minute++) {
        clock.advance(60_000);
        const next = newRecord(clock.now(), { owner, expiresAt: clock.now() + hour });
        if (way === "touch") await store.touch(key, next.expiresAt, version);
        else await store.update(key, next, version);
        if (way === "update") version = next.version;
      }
      // Two more for every hour, and for the hours' beginnings.
      expect(await evaluations()).toBeLessThanOrEqual(180 + 2 * 4);
    });
  });

  test("an extension that arrives late does not shorten what another wrote meanwhile", async () => {
    const { store, clock, key, owner, record, ofOwner } = await setUp();
    await store.create(key, record);
    const { slow, held, release } = gated(client);
    const other = await redis({ client: slow }).connect(clock);
    const late = other.touch(key, clock.now() + 3 * hour, record.version);
    await held;
    const last = clock.now() + 10 * hour;
    expect(await store.touch(key, last, record.version)).toBe(true);
    release();
    expect(await late).toBe(true);
    clock.advance(10 * hour - 1);
    await store.create(newKey(), newRecord(clock.now(), { owner }));
    expect((await store.read(key))?.expiresAt).toBe(last);
    expect(await ofOwner()).toContain(key);
  });

  test("the entry stands before the record does: a crash between the two leaves an extra key, never a missing one", async () => {
    const { clock, key, owner, record } = await setUp();
    const seen: string[] = [];
    // A process that dies as it is about to send its second script: the index's was the first.
    const dying = { ...methodsOf(client), evalsha: dieAfter(seen, client) };
    const store = await redis({ client: dying }).connect(clock);
    await expect(store.create(key, record)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    const alive = await redis({ client }).connect(clock);
    expect(await alive.read(key)).toBeUndefined();
    expect(await all(alive.keysOf?.(owner))).toEqual([key]);
    expect(seen).toHaveLength(2);
  });

  test("an entry without a record stays until its time plus a minute, and goes then", async () => {
    const { store, clock, key, owner, record, ofOwner } = await setUp();
    await store.create(key, record);
    await client.del(`sess:${key}`);
    const another = () => store.create(newKey(), newRecord(clock.now(), { owner }));
    clock.advance(2 * hour + 59_999);
    await another();
    expect(await ofOwner()).toContain(key);
    clock.advance(1);
    await another();
    expect(await ofOwner()).not.toContain(key);
  });

  test("two handles that extend at once converge, and the entry covers the later expiry", async () => {
    const { store, clock, key, owner, record, ofOwner } = await setUp();
    const other = await redis({ client }).connect(clock);
    await store.create(key, record);
    const ends = Array.from({ length: 40 }, (_, step) => clock.now() + (step + 2) * hour);
    const touched = await Promise.all(
      ends.map((end, step) => (step % 2 ? store : other).touch(key, end, record.version)),
    );
    expect(touched).not.toContain(false);
    const last = ends.at(-1) ?? 0;
    expect((await store.read(key))?.expiresAt).toBe(last);
    expect(Number(await client.zscore(`sess:o:${owner}`, key))).toBeGreaterThanOrEqual(last);
    clock.advance(last - clock.now() - 1);
    await store.create(newKey(), newRecord(clock.now(), { owner }));
    expect(await ofOwner()).toContain(key);
  });

  describe("markers", () => {
    /** What core does for a new id: the successor first, then the marker in the old one's place. */
    const regenerate = async (
      store: Provider,
      clock: Clock,
      old: { readonly key: string; readonly record: SessionRecord },
    ) => {
      const { owner = "" } = old.record;
      const next = { key: newKey(), record: newRecord(clock.now(), { owner, expiresAt: clock.now() + hour }) };
      expect(await store.create(next.key, next.record)).toBe(true);
      const marker = newRecord(clock.now(), { owner, retired: next.key, expiresAt: clock.now() + 120_000 });
      expect(await store.update(old.key, marker, old.record.version)).toEqual({ written: true });
      return next;
    };

    test("leave the index a minute after they expire: what is left is the sessions alive", async () => {
      const { store, clock, key, owner, record, ofOwner } = await setUp();
      await store.create(key, record);
      let current = { key, record };
      for (let n = 0; n < 50; n++) current = await regenerate(store, clock, current);
      expect(await ofOwner()).toHaveLength(51);
      clock.advance(120_000 + 59_999);
      expect(await ofOwner()).toHaveLength(51);
      clock.advance(1);
      expect(await ofOwner()).toEqual([current.key]);
      await store.create(newKey(), newRecord(clock.now(), { owner }));
      expect(await client.zcard(`sess:o:${owner}`)).toBe(2);
    });

    test("leave it then also if they were created as markers", async () => {
      const { store, clock, key, owner, record, ofOwner } = await setUp();
      await store.create(key, record);
      await client.del(`sess:${key}`);
      expect(await store.create(key, newRecord(clock.now(), { owner, retired: "" }))).toBe(true);
      expect(await ofOwner()).toEqual([key]);
      clock.advance(120_000);
      expect(await ofOwner()).toEqual([]);
    });

    test("keep their entry as long as they live, however often one replaces another", async () => {
      const { store, clock, key, owner, record, ofOwner } = await setUp();
      await store.create(key, record);
      let { version } = record;
      for (let n = 0; n < 10; n++) {
        const marker = newRecord(clock.now(), { owner, retired: "", expiresAt: clock.now() + 120_000 });
        expect(await store.update(key, marker, version)).toEqual({ written: true });
        version = marker.version;
        clock.advance(119_999);
        await store.create(newKey(), newRecord(clock.now(), { owner }));
        expect(await ofOwner()).toContain(key);
      }
    });

    test("a shortening that arrives late does not shorten what another extended meanwhile", async () => {
      const { store, clock, key, owner, record, ofOwner } = await setUp();
      await store.create(key, record);
      const { slow, held, release } = gated(client);
      const other = await redis({ client: slow }).connect(clock);
      const marker = newRecord(clock.now(), { owner, retired: "", expiresAt: clock.now() + 120_000 });
      expect(await other.update(key, marker, record.version)).toEqual({ written: true });
      await held;
      const longer = newRecord(clock.now(), { owner, retired: "", expiresAt: clock.now() + hour });
      expect(await store.update(key, longer, marker.version)).toEqual({ written: true });
      release();
      await other.count();
      clock.advance(hour - 1);
      await store.create(newKey(), newRecord(clock.now(), { owner }));
      expect(await ofOwner()).toContain(key);
    });

    test("while they live, ending an owner's sessions reads each and writes once", async () => {
      const manager = await createManager(redis({ client, prefix: `${newKey()}:` }));
      const exchange = manager.begin(new Request("http://shop.test/"));
      const thief = await exchange.session();
      thief.set("n", 1);
      thief.owner = "ada";
      await thief.release();
      for (let n = 0; n < 200; n++) await thief.regenerate();
      await client.config("RESETSTAT");
      expect(await manager.destroyOwned("ada")).toBe(1);
      const stats = await client.info("commandstats");
      const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      // By scripts: the listing of the index, the one write, and the shortening of its entry.
      expect(calls("get")).toBeGreaterThanOrEqual(201);
      expect(calls("set")).toBe(1);
      expect(await manager.exists(thief.id)).toBe(false);
      await manager.close();
    });

    test("a shortening that fails does not undo the write", async () => {
      const { clock, key, owner, record } = await setUp();
      let calls = 0;
      const evalsha: IoredisClient["evalsha"] = (sha, keys, ...args) =>
        ++calls > 3 ? Promise.reject(new Error("gone")) : client.evalsha(sha, keys, ...args);
      const store = await redis({ client: { ...methodsOf(client), evalsha } }).connect(clock);
      await store.create(key, record);
      const marker = newRecord(clock.now(), { owner, retired: "", expiresAt: clock.now() + 120_000 });
      expect(await store.update(key, marker, record.version)).toEqual({ written: true });
      expect(calls).toBe(4);
      expect(Number(await client.zscore(`sess:o:${owner}`, key))).toBe(record.expiresAt + hour);
    });
  });
});
