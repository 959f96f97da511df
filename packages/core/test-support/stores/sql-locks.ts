import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../src/provider.js";
import type { Admin, CommonConfig, Holder, SqlServer, SqlSubject } from "./sql.js";
import { Clock, newKey, newRecord, newTable } from "./support.js";

/** What depends on the database. */
export interface LocksSubject extends SqlSubject {
  /** The operations that wait for the lock of a row. */
  readonly locking: readonly ("create" | "touch" | "update" | "gc")[];
  /** Whether a statement that was given up waits no longer on the server, either. */
  readonly givesUpOnServer: boolean;
}

/** A table, and a connection that holds locks in it: what waits for it is what the server says, never a length of time. */
export interface LocksStage {
  readonly server: () => SqlServer;
  readonly admin: () => Admin;
  readonly holder: () => Holder;
  readonly table: () => string;
  readonly clock: Clock;
  /** Later than the expiry of any record of these tests. */
  readonly later: number;
  open(config?: CommonConfig): Promise<Provider>;
  /** Has the holder take a row's lock, in a transaction. */
  lock(key: string): Promise<unknown>;
  /** Has the holder do something in a transaction that it leaves open. */
  begin(sql: string): Promise<unknown>;
  /** Which row a statement is about. */
  where(key: string): string;
  /** Resolves when so many statements wait for a lock. */
  reachWaiting(count: number): Promise<void>;
}

function locksStage(subject: LocksSubject): LocksStage {
  let server: SqlServer;
  let admin: Admin;
  let holder: Holder;
  let table: string;
  const clock = new Clock();
  beforeAll(async () => {
    server = await subject.start();
    admin = subject.admin(server.url);
  }, 150_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  }, 60_000);
  beforeEach(async () => {
    table = newTable();
    holder = await admin.hold();
  });
  afterEach(async () => {
    await holder.query("ROLLBACK");
    holder.release();
  });
  const where = (key: string) => `WHERE ${subject.keyColumn} = ${subject.key(key)}`;
  const begin = async (sql: string) => {
    await holder.query("BEGIN");
    await holder.query(sql);
  };
  return {
    server: () => server,
    admin: () => admin,
    holder: () => holder,
    table: () => table,
    clock,
    later: clock.now() + 600_000,
    open: (config) => subject.connect(config?.pool ? undefined : server.url, { table, ...config }, clock),
    where,
    begin,
    lock: (key) => begin(`SELECT 1 FROM ${table} ${where(key)} FOR UPDATE`),
    reachWaiting: (count) => expect.poll(() => admin.waiting(), { timeout: 4000, interval: 10 }).toBe(count),
  };
}

/** Registers what every provider over a database does while somebody else holds a lock; gives its stage. */
export function locksTests(subject: LocksSubject): LocksStage {
  const stage = locksStage(subject);
  raceTests(subject, stage);
  patienceTests(subject, stage);
  return stage;
}

function raceTests(subject: LocksSubject, stage: LocksStage): void {
  const { open, lock, begin, where, reachWaiting, clock, later } = stage;
  const commit = () => stage.holder().query("COMMIT");

  test("an update that waited for another's is refused by what that one wrote", async () => {
    const store = await open();
    const [key, first] = [newKey(), newRecord(clock.now())];
    await store.create(key, first);
    await begin(`UPDATE ${stage.table()} SET version = 'theirs', data = 'theirs' ${where(key)}`);
    const update = store.update(key, newRecord(clock.now()), first.version);
    await reachWaiting(1);
    await commit();
    expect(await update).toEqual({ written: false, current: { ...first, version: "theirs", data: "theirs" } });
    await store.close();
  });

  test("of three updates that waited for one lock, one is written and the others see it", async () => {
    const callers = subject.callersPool(stage.server().url);
    const [one, two] = [await open(), await open({ pool: callers.pool })];
    const [key, first] = [newKey(), newRecord(clock.now())];
    await one.create(key, first);
    const records = [newRecord(clock.now()), newRecord(clock.now()), newRecord(clock.now())];
    await lock(key);
    const race = records.map((record, at) => (at === 1 ? two : one).update(key, record, first.version));
    await reachWaiting(3);
    await commit();
    const answers = await Promise.all(race);
    const refused = { written: false, current: records[answers.findIndex(({ written }) => written)] };
    expect(answers.filter(({ written }) => written)).toHaveLength(1);
    expect(answers.filter(({ written }) => !written)).toEqual([refused, refused]);
    await Promise.all([one.close(), two.close()]);
    await callers.end();
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
    await commit();
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
    await begin(`UPDATE ${stage.table()} SET expires = ${later} ${where(key)}`);
    const sooner = newRecord(clock.now(), { expiresAt: later - 1 });
    const write =
      method === "touch"
        ? store.touch(key, sooner.expiresAt, first.version)
        : store.update(key, sooner, first.version).then(({ written }) => written);
    await reachWaiting(1);
    await commit();
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
    const columns = `${subject.keyColumn}, version, expires, data`;
    await begin(`INSERT INTO ${stage.table()} (${columns}) VALUES (${subject.key(key)}, 'theirs', ${later}, '')`);
    const create = store.create(key, newRecord(clock.now()));
    await reachWaiting(1);
    await stage.holder().query(end);
    expect(await create).toBe(created);
    await store.close();
  });
}

function patienceTests(subject: LocksSubject, stage: LocksStage): void {
  const { open, lock, reachWaiting, clock, later } = stage;

  test.each(subject.locking)(
    "%s that never gets its lock is SESS_UNAVAILABLE in time, and reads go on",
    async (name) => {
      const store = await open({ timeout: 1500, poolSize: 2 });
      const expiresAt = clock.now() + (name === "gc" ? -60_000 : 60_000);
      const [key, first] = [newKey(), newRecord(clock.now(), { expiresAt })];
      await store.create(key, first);
      await lock(key);
      const begun = performance.now();
      const operations = {
        create: () => store.create(key, first),
        touch: () => store.touch(key, later, first.version),
        update: () => store.update(key, newRecord(clock.now()), first.version),
        gc: () => store.gc(),
      };
      const operation = operations[name]();
      operation.catch(() => {});
      await reachWaiting(1);
      const there = name === "gc" ? undefined : first;
      expect(await store.read(key)).toEqual(there);
      await expect(operation).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      expect(performance.now() - begun).toBeLessThan(4000);
      if (subject.givesUpOnServer) await reachWaiting(0);
      await stage.holder().query("ROLLBACK");
      if (subject.givesUpOnServer) expect(await store.read(key)).toEqual(there);
      await store.close();
    },
  );
}
