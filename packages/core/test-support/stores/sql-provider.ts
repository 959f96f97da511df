import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../src/provider.js";
import type { Admin, CallersPool, CommonConfig, SqlSubject } from "./sql.js";
import { type AtUrl, all, Clock, createAll, newKey, newRecord, newTable } from "./support.js";

/** What depends on the database. */
export interface TableSubject extends SqlSubject {
  /** Changes of a table of ours that make it unusable. */
  readonly changes: readonly (readonly [what: string, sql: (table: string) => string])[];
  /** Values of columns, as they stand in a statement, of rows that are none of ours. */
  readonly foreign: readonly Readonly<Record<string, string>>[];
  /** Whether `close` lets writes end that are under way on connections of our own. Core closes when all have settled. */
  readonly finishesWrites: boolean;
  /** Whether a gc that was under way when its handle closed ended as it may: by what it removed or rejected with. */
  gcEnded(how: { readonly removed?: number; readonly code?: string }): boolean;
}

/** A server for all tests of a group, and a table for each. */
export interface TableStage {
  readonly server: () => AtUrl;
  readonly admin: () => Admin;
  readonly callers: () => CallersPool;
  /** Of this test. */
  readonly table: () => string;
  /** Another one, removed after the tests. */
  anotherTable(): string;
  readonly clock: Clock;
  open(config?: CommonConfig): Promise<Provider>;
}

function tableStage(subject: TableSubject, start: () => Promise<AtUrl>): TableStage {
  let server: AtUrl;
  let admin: Admin;
  let callers: CallersPool;
  let table: string;
  const tables: string[] = [];
  const clock = new Clock();
  beforeAll(async () => {
    server = await start();
    admin = subject.admin(server.url);
    callers = subject.callersPool(server.url);
  }, 150_000);
  afterAll(async () => {
    for (const name of tables) await admin.query(`DROP TABLE IF EXISTS ${name}`);
    await Promise.all([admin.end(), callers.end()]);
    await server.stop();
  }, 60_000);
  const anotherTable = () => {
    tables.push(newTable());
    return tables.at(-1) ?? "";
  };
  beforeEach(() => {
    table = anotherTable();
  });
  return {
    server: () => server,
    admin: () => admin,
    callers: () => callers,
    table: () => table,
    anotherTable,
    clock,
    open: (config) => subject.connect(config?.pool ? undefined : server.url, { table, ...config }, clock),
  };
}

/** Registers what every provider over a table of a database does; gives its stage. */
export function tableTests(subject: TableSubject, start: () => Promise<AtUrl>): TableStage {
  const stage = tableStage(subject, start);
  shapeTests(subject, stage);
  exactTests(stage, "of our own", () => ({ poolSize: 1 }));
  exactTests(stage, "of the caller's", () => ({ pool: stage.callers().pool }));
  gcTests(subject, stage);
  rowTests(subject, stage);
  return stage;
}

function shapeTests(subject: TableSubject, stage: TableStage): void {
  test("a table made by hand will do, and createTable: false makes none", async () => {
    const table = stage.table();
    const missing = {
      code: "SESS_CONFIG",
      message: `${subject.name}: there is no table ${table}, and createTable is false`,
    };
    await expect(stage.open({ createTable: false })).rejects.toMatchObject(missing);
    await stage.admin().query(subject.ddl(table));
    await (await stage.open({ createTable: false })).close();
  });

  test("the table is created once by as many as come at the same time", async () => {
    for (let round = 0; round < 5; round++) {
      const table = stage.anotherTable();
      const opened = Array.from({ length: 12 }, () => stage.open({ table, poolSize: 1 }));
      for (const store of await Promise.all(opened)) await store.close();
    }
  });

  test.each(subject.changes)("%s is refused", async (_what, sql) => {
    const table = stage.table();
    await stage.admin().query(subject.ddl(table));
    await stage.admin().query(sql(table));
    const message = expect.stringMatching(new RegExp(`${table}\\b.* the option table$`));
    await expect(stage.open()).rejects.toMatchObject({ code: "SESS_CONFIG", message });
  });
}

function exactTests({ open, clock }: TableStage, whose: string, config: () => CommonConfig): void {
  const [owner, later] = [newKey(), clock.now() + 600_000];

  test(`on a pool ${whose}, touch is exact when there is nothing to change`, async () => {
    const store = await open(config());
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    for (const expiresAt of [record.expiresAt, record.expiresAt - 1, 0, later, later]) {
      expect(await store.touch(key, expiresAt, record.version)).toBe(true);
    }
    expect(await store.read(key)).toEqual({ ...record, expiresAt: later });
    expect(await store.touch(key, later, "another")).toBe(false);
    expect(await store.touch(newKey(), later, record.version)).toBe(false);
    const marker = newRecord(clock.now(), { retired: "" });
    await store.update(key, marker, record.version);
    expect(await store.touch(key, marker.expiresAt, marker.version)).toBe(false);
    await store.close();
  });

  test(`on a pool ${whose}, create is exact: over nothing, a session, a marker, what has expired`, async () => {
    const store = await open(config());
    const key = newKey();
    const first = newRecord(clock.now(), { owner, expiresAt: clock.now() + 10 });
    expect(await store.create(key, first)).toBe(true);
    expect(await store.create(key, first)).toBe(false);
    clock.advance(10);
    const second = newRecord(clock.now(), { retired: newKey() });
    expect(await store.create(key, second)).toBe(true);
    expect(await store.create(key, newRecord(clock.now()))).toBe(false);
    expect(await store.read(key)).toEqual(second);
    await store.close();
  });

  test(`on a pool ${whose}, create sent again after its record has expired is told that it was stored`, async () => {
    const store = await open(config());
    const [key, record] = [newKey(), newRecord(clock.now(), { owner, expiresAt: clock.now() + 10 })];
    expect(await store.create(key, record)).toBe(true);
    clock.advance(10);
    expect(await store.create(key, record)).toBe(true);
    expect(await store.create(key, newRecord(clock.now()))).toBe(true);
    expect(await store.create(key, record)).toBe(false);
    await store.close();
  });

  test(`on a pool ${whose}, keys and keysOf go from page to page, and markers are no keys`, async () => {
    const store = await open(config());
    const keys = [...Array.from({ length: 1203 }, newKey), "00".repeat(32), "ff".repeat(32)];
    await createAll(store, keys, newRecord(clock.now(), { owner }));
    await createAll(store, Array.from({ length: 20 }, newKey), newRecord(clock.now(), { retired: "" }));
    expect(await all(store.keys?.())).toEqual([...keys].sort());
    expect(await all(store.keysOf?.(owner))).toEqual([...keys].sort());
    expect(await all(store.keysOf?.(newKey()))).toEqual([]);
    expect(await store.count()).toBe(keys.length);
    await store.close();
  });
}

function gcTests(subject: TableSubject, stage: TableStage): void {
  const { open, clock } = stage;

  test("several processes' gc take each record once, and none that is renewed meanwhile", async () => {
    const store = await open();
    const stores = [store, await open(), await open(), await open()];
    const expired = Array.from({ length: 3000 }, newKey);
    await createAll(store, expired, newRecord(clock.now(), { expiresAt: clock.now() + 1 }));
    clock.advance(60_001);
    const renewed = expired.filter((_, at) => at % 10 === 0);
    const record = newRecord(clock.now());
    const [removed, created] = await Promise.all([
      Promise.all(stores.map((each) => each.gc())),
      Promise.all(renewed.map((key) => store.create(key, record))),
    ]);
    expect(created.every((one) => one === true)).toBe(true);
    // A key that was freed before it was created again was removed as well.
    const total = removed.reduce((sum, one) => sum + one, 0);
    expect(total).toBeGreaterThanOrEqual(2700);
    expect(total).toBeLessThanOrEqual(3000);
    expect(await store.count()).toBe(300);
    expect(await store.gc()).toBe(0);
    await Promise.all(stores.map((each) => each.close()));
  });

  test("gc ends when its handle closes", async () => {
    const [store, other] = [await open(), await open()];
    const record = newRecord(clock.now(), { expiresAt: clock.now() + 1 });
    await createAll(store, Array.from({ length: 1600 }, newKey), record);
    clock.advance(60_001);
    const removing = store.gc().then(
      (removed) => ({ removed }),
      ({ code }: { code?: string }) => (code === undefined ? {} : { code }),
    );
    await store.close();
    expect(await removing).toSatisfy(subject.gcEnded);
    await other.gc();
    expect(await all(other.keys?.())).toEqual([]);
    expect(await other.gc()).toBe(0);
    await other.close();
  });
}

function rowTests(subject: TableSubject, stage: TableStage): void {
  const { open, clock } = stage;

  test("closing leaves no write under way, ends our own connections, and leaves the caller's pool open", async () => {
    const { pool } = stage.callers();
    await (await open({ pool })).close();
    const before = await stage.admin().connections();
    const [own, borrowed] = [await open(), await open({ pool })];
    await Promise.all(Array.from({ length: 20 }, () => own.read(newKey())));
    const [key, record] = [newKey(), newRecord(clock.now())];
    const creating = Promise.allSettled([borrowed.create(newKey(), record), own.create(key, record)]);
    await Promise.all([own.close(), own.close(), borrowed.close()]);
    const [theirs, ours] = await creating;
    expect(theirs).toMatchObject({ value: true });
    expect(subject.finishesWrites ? ours : { value: true }).toMatchObject({ value: true });
    await expect(borrowed.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await expect(own.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    // The caller's has as many as it had at once.
    await expect.poll(() => stage.admin().connections()).toBeLessThanOrEqual(before + 1);
  });

  test("owners are compared byte by byte, not as a collation compares", async () => {
    const store = await open();
    const owners = ["ada", "Ada", "ada ", "ad\u00e4", "", "ada\0"];
    const keys = owners.map(newKey);
    await Promise.all(owners.map((owner, at) => store.create(keys[at] ?? "", newRecord(clock.now(), { owner }))));
    for (const [at, owner] of owners.entries()) expect(await all(store.keysOf?.(owner))).toEqual([keys[at]]);
    await store.close();
  });

  test("rows that are torn or somebody else's are no sessions, are left alone, and hide no others", async () => {
    const store = await open();
    const [beside, record] = [newKey(), newRecord(clock.now())];
    await store.create(beside, record);
    for (const row of subject.foreign) {
      const key = newKey();
      const columns = {
        [subject.keyColumn]: subject.key(key),
        version: "'v'",
        expires: `${clock.now() + 60_000}`,
        data: "'{}'",
        ...row,
      };
      const [names, values] = [Object.keys(columns).join(", "), Object.values(columns).join(", ")];
      await stage.admin().query(`INSERT INTO ${stage.table()} (${names}) VALUES (${values})`);
      expect(await store.read(key)).toBeUndefined();
      if (store.readMany) expect(await store.readMany([key, newKey(), beside])).toEqual([undefined, undefined, record]);
      expect(await store.create(key, newRecord(clock.now()))).toBe(false);
      expect(await store.update(key, newRecord(clock.now()), "w")).toEqual({ written: false, current: undefined });
      expect(await store.touch(key, 0, "w")).toBe(false);
    }
    await store.close();
  });
}
