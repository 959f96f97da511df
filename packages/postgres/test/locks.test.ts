import { expect, test } from "vitest";
import { locksTests } from "../../core/test-support/stores/sql-locks.js";
import { subject } from "./subject.js";
import { describeWithServer, newKey, newRecord } from "./support.js";

describeWithServer("locks that somebody else holds", () => {
  const stage = locksTests({ ...subject, locking: ["create", "touch", "update"], givesUpOnServer: true });
  const { open, lock, begin, where, reachWaiting, admin, holder, table, clock } = stage;

  test("gc waits for nobody: what is being renewed stays, the rest goes", async () => {
    const store = await open();
    const [expired, busy, idle] = [newRecord(clock.now(), { expiresAt: clock.now() - 60_000 }), newKey(), newKey()];
    for (const key of [busy, idle]) await store.create(key, expired);
    await lock(busy);
    expect(await store.gc()).toBe(1);
    const create = store.create(busy, newRecord(clock.now()));
    await reachWaiting(1);
    await holder().query("COMMIT");
    expect(await create).toBe(true);
    expect(await store.gc()).toBe(0);
    expect(await store.read(busy)).toBeDefined();
    await store.close();
  });

  test("gc spares what is created anew after it has looked and before it deletes", async () => {
    // Row security is the gate: each row that gc looks at waits for a lock, while gc's snapshot is already taken.
    await admin().query(`${subject.ddl(table())}
      DROP ROLE IF EXISTS collector; CREATE ROLE collector LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${table()} TO collector;
      ALTER TABLE ${table()} ENABLE ROW LEVEL SECURITY;
      CREATE OR REPLACE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN true; END $$;
      CREATE POLICY gate ON ${table()} TO collector USING (gate())`);
    const [store, collector] = [await open(), await open({ user: "collector" })];
    const [key, fresh] = [newKey(), newRecord(clock.now())];
    await store.create(key, newRecord(clock.now(), { expiresAt: clock.now() - 60_000 }));
    await holder().query("SELECT pg_advisory_lock(1)");
    const gc = collector.gc();
    await reachWaiting(1);
    expect(await store.create(key, fresh)).toBe(true);
    await holder().query("SELECT pg_advisory_unlock(1)");
    expect(await gc).toBe(0);
    expect(await store.read(key)).toEqual(fresh);
    await Promise.all([store.close(), collector.close()]);
    await admin().query(`DROP TABLE ${table()}; DROP ROLE collector`);
  });

  test("at a stricter isolation what is rolled back for the sake of others (40001) is begun again", async () => {
    await admin().query("DROP ROLE IF EXISTS strict; CREATE ROLE strict SUPERUSER LOGIN");
    await admin().query("ALTER ROLE strict SET default_transaction_isolation = 'serializable'");
    const store = await open({ user: "strict" });
    const [key, first] = [newKey(), newRecord(clock.now())];
    await store.create(key, first);
    await begin(`UPDATE ${table()} SET version = 'theirs' ${where(key)}`);
    const update = store.update(key, newRecord(clock.now()), first.version);
    await reachWaiting(1);
    await holder().query("COMMIT");
    expect(await update).toEqual({ written: false, current: { ...first, version: "theirs" } });
    await store.close();
  });
});
