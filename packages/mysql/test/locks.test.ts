import { expect, test } from "vitest";
import { locksTests } from "../../core/test-support/stores/sql-locks.js";
import { subject } from "./subject.js";
import { adminPool, describeWithServer, newKey, newRecord, statusOf } from "./support.js";

describeWithServer("locks that somebody else holds", () => {
  const stage = locksTests({ ...subject, locking: ["create", "touch", "update", "gc"], givesUpOnServer: false });
  const { open, lock, begin, where, reachWaiting, holder, table, clock, later } = stage;

  test("express-mysql-session #106: an update outlives a lock wait timeout (1205)", async () => {
    const admin = adminPool(stage.server().url);
    const lockTimeouts = async () => {
      const [rows] = await admin.query(
        "SELECT COUNT n FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_timeouts'",
      );
      return (rows as { n: number }[])[0]?.n ?? 0;
    };
    await admin.query("SET GLOBAL innodb_monitor_enable = 'lock_timeouts'");
    const store = await open();
    const [key, first, second] = [newKey(), newRecord(clock.now()), newRecord(clock.now())];
    await store.create(key, first);
    await lock(key);
    const before = await lockTimeouts();
    const update = store.update(key, second, first.version);
    await expect.poll(lockTimeouts, { timeout: 4000 }).toBeGreaterThan(before);
    await holder().query("COMMIT");
    expect(await update).toEqual({ written: true });
    expect(await store.read(key)).toEqual(second);
    await store.close();
    await admin.end();
  });

  test("a deadlock (1213) is begun again, and the update is written once", async () => {
    const [store, admin] = [await open(), adminPool(stage.server().url)];
    const [key, first] = [newKey(), newRecord(clock.now())];
    const second = newRecord(clock.now(), { expiresAt: later });
    await store.create(key, first);
    await admin.query("CREATE TABLE IF NOT EXISTS weight (n INT) ENGINE=InnoDB");
    const deadlocks = await statusOf(admin, "Innodb_deadlocks");
    // The server gives up the transaction that has changed less: this one changes a thousand rows.
    await begin("INSERT INTO weight SELECT seq FROM seq_1_to_1000");
    await holder().query(
      `SELECT expires FROM ${table()} FORCE INDEX (expires) WHERE expires = ${first.expiresAt} LOCK IN SHARE MODE`,
    );
    // It has the row, and waits for the entry of its expiry in the index.
    const update = store.update(key, second, first.version);
    await reachWaiting(1);
    await holder().query(`SELECT 1 FROM ${table()} ${where(key)} FOR UPDATE`);
    expect(await statusOf(admin, "Innodb_deadlocks")).toBe(deadlocks + 1);
    await holder().query("COMMIT");
    expect(await update).toEqual({ written: true });
    expect(await store.read(key)).toEqual(second);
    await store.close();
    await admin.end();
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
    await holder().query("COMMIT");
    const [created, removed] = await Promise.all([create, gc]);
    // Whoever came first, what was created is there.
    expect([created, removed]).toEqual([true, expect.any(Number)]);
    expect(await store.read(key)).toBeDefined();
    await Promise.all([store.close(), other.close()]);
  });

  test("the row is freed by gc between a create's two statements: it is created all the same", async () => {
    const store = await open({ poolSize: 1 });
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, newRecord(clock.now(), { expiresAt: clock.now() - 1 }));
    await begin(`DELETE FROM ${table()} ${where(key)}`);
    const create = store.create(key, record);
    await reachWaiting(1);
    await holder().query("COMMIT");
    expect(await create).toBe(true);
    expect(await store.read(key)).toEqual(record);
    await store.close();
  });
});
