import type { Pool, PoolConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { mysql } from "../src/provider.js";
import { type PrivateMysql, startMysql } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord, newTable, statusOf } from "./support.js";

/** A third connection holds the locks; what it waits for is what the server says, never a length of time. */
describeWithServer("locks that somebody else holds", () => {
  let server: PrivateMysql;
  let admin: Pool;
  let holder: PoolConnection;
  let table: string;
  const clock = new Clock();
  const later = clock.now() + 600_000;
  beforeAll(async () => {
    server = await startMysql();
    admin = adminPool(server.url);
  }, 150_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  }, 60_000);
  beforeEach(async () => {
    table = newTable();
    holder = await admin.getConnection();
  });
  afterEach(async () => {
    await holder.query("ROLLBACK");
    holder.release();
  });
  const open = (config: object = { dsn: server.url }) => mysql({ ...config, table } as object).connect(clock);
  const lock = (key: string) =>
    holder.query(`BEGIN; SELECT 1 FROM ${table} WHERE session_key = UNHEX(?) FOR UPDATE`, [key]);
  /** Statements of ours that wait for a lock now. */
  const waiting = () => statusOf(admin, "Innodb_row_lock_current_waits");
  const reachWaiting = (count: number) => expect.poll(waiting, { timeout: 4000, interval: 10 }).toBe(count);
  const lockTimeouts = async () => {
    const [rows] = await admin.query(
      "SELECT COUNT n FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_timeouts'",
    );
    return (rows as { n: number }[])[0]?.n ?? 0;
  };

  test("express-mysql-session #106: an update outlives a lock wait timeout (1205)", async () => {
    await admin.query("SET GLOBAL innodb_monitor_enable = 'lock_timeouts'");
    const store = await open();
    const [key, first, second] = [newKey(), newRecord(clock.now()), newRecord(clock.now())];
    await store.create(key, first);
    await lock(key);
    const before = await lockTimeouts();
    const update = store.update(key, second, first.version);
    await expect.poll(lockTimeouts, { timeout: 4000 }).toBeGreaterThan(before);
    await holder.query("COMMIT");
    expect(await update).toEqual({ written: true });
    expect(await store.read(key)).toEqual(second);
    await store.close();
  });

  test.each<[name: string]>([["create"], ["touch"], ["update"], ["gc"]])(
    "%s that never gets its lock is SESS_UNAVAILABLE in time, and reads go on",
    async (name) => {
      const store = await open({ dsn: server.url, timeout: 1500 });
      const [key, first] = [
        newKey(),
        newRecord(clock.now(), { expiresAt: clock.now() + (name === "gc" ? -60_000 : 60_000) }),
      ];
      await store.create(key, first);
      await lock(key);
      const begun = performance.now();
      const operations: Record<string, () => Promise<unknown>> = {
        create: () => store.create(key, first),
        touch: () => store.touch(key, later, first.version),
        update: () => store.update(key, newRecord(clock.now()), first.version),
        gc: () => store.gc(),
      };
      const operation = operations[name]?.();
      operation?.catch(() => {});
      await reachWaiting(1);
      await store.read(key);
      await expect(operation).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      expect(performance.now() - begun).toBeLessThan(4000);
      await store.close();
    },
  );

  test("a deadlock (1213) is begun again, and the update is written once", async () => {
    const store = await open();
    const [key, first] = [newKey(), newRecord(clock.now())];
    const second = newRecord(clock.now(), { expiresAt: later });
    await store.create(key, first);
    await admin.query("CREATE TABLE IF NOT EXISTS weight (n INT) ENGINE=InnoDB");
    const deadlocks = await statusOf(admin, "Innodb_deadlocks");
    // The server gives up the transaction that has changed less: this one changes a thousand rows.
    await holder.query(`BEGIN; INSERT INTO weight SELECT seq FROM seq_1_to_1000;
      SELECT expires FROM ${table} FORCE INDEX (expires) WHERE expires = ${first.expiresAt} LOCK IN SHARE MODE`);
    // It has the row, and waits for the entry of its expiry in the index.
    const update = store.update(key, second, first.version);
    await reachWaiting(1);
    const crossing = holder.query(`SELECT 1 FROM ${table} WHERE session_key = UNHEX(?) FOR UPDATE`, [key]);
    await crossing;
    expect(await statusOf(admin, "Innodb_deadlocks")).toBe(deadlocks + 1);
    await holder.query("COMMIT");
    expect(await update).toEqual({ written: true });
    expect(await store.read(key)).toEqual(second);
    await store.close();
  });

  test("of two updates that waited for one lock, one is written and the other sees it", async () => {
    const [one, two] = [await open(), await open({ pool: admin })];
    const [key, first] = [newKey(), newRecord(clock.now())];
    await one.create(key, first);
    const [a, b] = [newRecord(clock.now()), newRecord(clock.now())];
    await lock(key);
    const race = Promise.all([one.update(key, a, first.version), two.update(key, b, first.version)]);
    await reachWaiting(2);
    await holder.query("COMMIT");
    const answers = await race;
    const winner = answers[0].written ? a : b;
    expect(answers.filter(({ written }) => written)).toHaveLength(1);
    expect(answers).toContainEqual({ written: false, current: winner });
    await Promise.all([one.close(), two.close()]);
  });

  test("a logout that waited for a save has the last word, and a save that waited for a logout is refused", async () => {
    const [one, two] = [await open(), await open()];
    const [key, first] = [newKey(), newRecord(clock.now())];
    const marker = newRecord(clock.now(), { retired: "" });
    await one.create(key, first);
    await lock(key);
    const logout = one.update(key, marker, first.version);
    await reachWaiting(1);
    const touch = two.touch(key, later, first.version);
    await reachWaiting(2);
    const save = two.update(key, newRecord(clock.now()), first.version);
    await reachWaiting(3);
    await holder.query("COMMIT");
    expect(await logout).toEqual({ written: true });
    expect(await save).toEqual({ written: false, current: marker });
    expect(await touch).toBe(false);
    expect(await one.read(key)).toEqual(marker);
    await Promise.all([one.close(), two.close()]);
  });

  test("gc that waited for a row takes it no longer when it was created anew meanwhile", async () => {
    const [store, other] = [await open(), await open()];
    const key = newKey();
    await store.create(key, newRecord(clock.now(), { expiresAt: clock.now() - 60_000 }));
    await lock(key);
    const create = other.create(key, newRecord(clock.now()));
    await reachWaiting(1);
    const gc = store.gc();
    await reachWaiting(2);
    await holder.query("COMMIT");
    const [created, removed] = await Promise.all([create, gc]);
    // Whoever came first, what was created is there.
    expect([created, removed]).toEqual([true, expect.any(Number)]);
    expect(await store.read(key)).toBeDefined();
    await Promise.all([store.close(), other.close()]);
  });

  test("the row is freed by gc between a create's two statements: it is created all the same", async () => {
    const store = await open({ dsn: server.url, poolSize: 1 });
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, newRecord(clock.now(), { expiresAt: clock.now() - 1 }));
    await holder.query(`BEGIN; DELETE FROM ${table} WHERE session_key = UNHEX(?)`, [key]);
    const create = store.create(key, record);
    await reachWaiting(1);
    await holder.query("COMMIT");
    expect(await create).toBe(true);
    expect(await store.read(key)).toEqual(record);
    await store.close();
  });
});
