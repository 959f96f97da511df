import type { Pool, PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ddl, postgres } from "../src/provider.js";
import { type PrivatePostgres, startPostgres } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord, newTable } from "./support.js";

/** A third connection holds the locks; what waits for it is what the server says, never a length of time. */
describeWithServer("locks that somebody else holds", () => {
  let server: PrivatePostgres;
  let admin: Pool;
  let holder: PoolClient;
  let table: string;
  const clock = new Clock();
  const later = clock.now() + 600_000;
  beforeAll(async () => {
    server = await startPostgres();
    admin = adminPool(server.url);
  }, 150_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  }, 60_000);
  beforeEach(async () => {
    table = newTable();
    holder = await admin.connect();
  });
  afterEach(async () => {
    await holder.query("ROLLBACK");
    holder.release();
  });
  const open = (config: object = { url: server.url }) => postgres({ table, ...config } as object).connect(clock);
  const lock = (key: string) =>
    holder.query(`BEGIN; SELECT 1 FROM ${table} WHERE key = decode('${key}', 'hex') FOR UPDATE`);
  /** Statements that wait for a lock now. */
  const waiting = async () => {
    const { rows } = await admin.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
    );
    return rows[0].n;
  };
  const reachWaiting = (count: number) => expect.poll(waiting, { timeout: 4000, interval: 10 }).toBe(count);

  test("an update that waited for another's is refused, in one statement, by what that one wrote", async () => {
    const store = await open();
    const [key, first] = [newKey(), newRecord(clock.now())];
    await store.create(key, first);
    await holder.query("BEGIN");
    await holder.query(`UPDATE ${table} SET version = 'theirs', data = 'theirs' WHERE key = decode($1, 'hex')`, [key]);
    const update = store.update(key, newRecord(clock.now()), first.version);
    await reachWaiting(1);
    await holder.query("COMMIT");
    expect(await update).toEqual({ written: false, current: { ...first, version: "theirs", data: "theirs" } });
    await store.close();
  });

  test("of three updates that waited for one lock, one is written and the others see it", async () => {
    const [one, two] = [await open(), await open({ pool: admin })];
    const [key, first] = [newKey(), newRecord(clock.now())];
    await one.create(key, first);
    const [a, b, c] = [newRecord(clock.now()), newRecord(clock.now()), newRecord(clock.now())];
    await lock(key);
    const race = Promise.all([
      one.update(key, a, first.version),
      two.update(key, b, first.version),
      one.update(key, c, first.version),
    ]);
    await reachWaiting(3);
    await holder.query("COMMIT");
    const answers = await race;
    const winner = [a, b, c][answers.findIndex(({ written }) => written)];
    expect(answers.filter(({ written }) => written)).toHaveLength(1);
    expect(answers.filter(({ written }) => !written)).toEqual([
      { written: false, current: winner },
      { written: false, current: winner },
    ]);
    await Promise.all([one.close(), two.close()]);
  });

  test("a logout that waited for a save has the last word, and what waited for a logout is refused", async () => {
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

  test.each(["touch", "update"])("the later expiry is of what is there when a %s has its lock", async (method) => {
    const store = await open();
    const [key, first] = [newKey(), newRecord(clock.now())];
    await store.create(key, first);
    await holder.query("BEGIN");
    await holder.query(`UPDATE ${table} SET expires = $2 WHERE key = decode($1, 'hex')`, [key, later]);
    const sooner = newRecord(clock.now(), { expiresAt: later - 1 });
    const write =
      method === "touch"
        ? store.touch(key, sooner.expiresAt, first.version)
        : store.update(key, sooner, first.version).then(({ written }) => written);
    await reachWaiting(1);
    await holder.query("COMMIT");
    expect(await write).toBe(true);
    expect((await store.read(key))?.expiresAt).toBe(later);
    await store.close();
  });

  test.each([
    ["COMMIT", false],
    ["ROLLBACK", true],
  ])("a create that waited for another's, which ends with %s, is %s", async (end, created) => {
    const store = await open();
    const key = newKey();
    await holder.query("BEGIN");
    await holder.query(
      `INSERT INTO ${table} (key, version, expires, data) VALUES (decode($1, 'hex'), 'theirs', $2, '')`,
      [key, later],
    );
    const create = store.create(key, newRecord(clock.now()));
    await reachWaiting(1);
    await holder.query(end);
    expect(await create).toBe(created);
    await store.close();
  });

  test("gc waits for nobody: what is being renewed stays, the rest goes", async () => {
    const store = await open();
    const [expired, busy, idle] = [newRecord(clock.now(), { expiresAt: clock.now() - 60_000 }), newKey(), newKey()];
    for (const key of [busy, idle]) await store.create(key, expired);
    await lock(busy);
    expect(await store.gc()).toBe(1);
    const create = store.create(busy, newRecord(clock.now()));
    await reachWaiting(1);
    await holder.query("COMMIT");
    expect(await create).toBe(true);
    expect(await store.gc()).toBe(0);
    expect(await store.read(busy)).toBeDefined();
    await store.close();
  });

  test("gc spares what is created anew after it has looked and before it deletes", async () => {
    // Row security is the gate: each row that gc looks at waits for a lock, while gc's snapshot is already taken.
    await admin.query(`${ddl(table)}
      DROP ROLE IF EXISTS collector; CREATE ROLE collector LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO collector;
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      CREATE OR REPLACE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN true; END $$;
      CREATE POLICY gate ON ${table} TO collector USING (gate())`);
    const [store, collector] = [await open(), await open({ url: server.url, user: "collector" })];
    const [key, fresh] = [newKey(), newRecord(clock.now())];
    await store.create(key, newRecord(clock.now(), { expiresAt: clock.now() - 60_000 }));
    await holder.query("SELECT pg_advisory_lock(1)");
    const gc = collector.gc();
    await reachWaiting(1);
    expect(await store.create(key, fresh)).toBe(true);
    await holder.query("SELECT pg_advisory_unlock(1)");
    expect(await gc).toBe(0);
    expect(await store.read(key)).toEqual(fresh);
    await Promise.all([store.close(), collector.close()]);
    await admin.query(`DROP TABLE ${table}; DROP ROLE collector`);
  });

  test.each(["create", "touch", "update"])(
    "%s that never gets its lock is SESS_UNAVAILABLE in time; nothing of it is left on the server, and reads go on",
    async (name) => {
      const store = await open({ url: server.url, timeout: 1000, poolSize: 2 });
      const [key, first] = [newKey(), newRecord(clock.now())];
      await store.create(key, first);
      await lock(key);
      const begun = performance.now();
      const operations: Record<string, () => Promise<unknown>> = {
        create: () => store.create(key, first),
        touch: () => store.touch(key, later, first.version),
        update: () => store.update(key, newRecord(clock.now()), first.version),
      };
      const operation = operations[name]?.();
      operation?.catch(() => {});
      await reachWaiting(1);
      expect(await store.read(key)).toEqual(first);
      await expect(operation).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      expect(performance.now() - begun).toBeLessThan(4000);
      await reachWaiting(0);
      await holder.query("ROLLBACK");
      expect(await store.read(key)).toEqual(first);
      await store.close();
    },
  );

  test("at a stricter isolation what is rolled back for the sake of others (40001) is begun again", async () => {
    await admin.query("DROP ROLE IF EXISTS strict; CREATE ROLE strict SUPERUSER LOGIN");
    await admin.query("ALTER ROLE strict SET default_transaction_isolation = 'serializable'");
    const store = await open({ url: server.url, user: "strict" });
    const [key, first] = [newKey(), newRecord(clock.now())];
    await store.create(key, first);
    await holder.query("BEGIN");
    await holder.query(`UPDATE ${table} SET version = 'theirs' WHERE key = decode($1, 'hex')`, [key]);
    const update = store.update(key, newRecord(clock.now()), first.version);
    await reachWaiting(1);
    await holder.query("COMMIT");
    expect(await update).toEqual({ written: false, current: { ...first, version: "theirs" } });
    await store.close();
  });
});
