import type { Provider } from "@sess/core";
import type { Pool } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ddl, type MysqlConfig, mysql } from "../src/provider.js";
import { adminPool, all, Clock, createAll, describeWithUrl, newKey, newRecord, newTable, statusOf } from "./support.js";

describeWithUrl("the provider", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let admin: Pool;
  let table: string;
  const tables: string[] = [];
  const clock = new Clock();
  beforeAll(async () => {
    server = await start();
    admin = adminPool(server.url);
  }, 150_000);
  afterAll(async () => {
    for (const name of tables) await admin.query(`DROP TABLE IF EXISTS ${name}`);
    await admin.end();
    await server.stop();
  }, 60_000);
  beforeEach(() => {
    table = newTable();
    tables.push(table);
  });
  const open = (config: MysqlConfig = { dsn: server.url }) => mysql({ ...config, table }).connect(clock);

  describe.each<[name: string, config: () => MysqlConfig]>([
    ["of our own, with FOUND_ROWS", () => ({ dsn: server.url, poolSize: 1 })],
    ["of the caller's, without FOUND_ROWS", () => ({ pool: admin })],
  ])("on a pool %s", (_name, config) => {
    let store: Provider;
    const [owner, later] = [newKey(), clock.now() + 600_000];
    beforeEach(async () => {
      store = await open(config());
    });
    const settle = async (work: () => Promise<unknown>) => {
      await work();
      await store.close();
    };

    test("touch is exact when there is nothing to change", () =>
      settle(async () => {
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
      }));

    test("create is exact: over nothing, a session, a marker, what has expired", () =>
      settle(async () => {
        const key = newKey();
        const first = newRecord(clock.now(), { owner, expiresAt: clock.now() + 10 });
        expect(await store.create(key, first)).toBe(true);
        expect(await store.create(key, first)).toBe(false);
        clock.advance(10);
        const second = newRecord(clock.now(), { retired: newKey() });
        expect(await store.create(key, second)).toBe(true);
        expect(await store.create(key, newRecord(clock.now()))).toBe(false);
        expect(await store.read(key)).toEqual(second);
      }));

    test("create sent again after its record has expired finds it as it left it", () =>
      settle(async () => {
        const [key, record] = [newKey(), newRecord(clock.now(), { owner, expiresAt: clock.now() + 10 })];
        expect(await store.create(key, record)).toBe(true);
        clock.advance(10);
        expect(await store.create(key, record)).toBe(true);
        expect(await store.create(key, newRecord(clock.now()))).toBe(true);
        expect(await store.create(key, record)).toBe(false);
      }));

    test("a time that is no whole number, or none that a column holds", () =>
      settle(async () => {
        const key = newKey();
        await store.create(key, newRecord(clock.now(), { expiresAt: Number.POSITIVE_INFINITY }));
        expect((await store.read(key))?.expiresAt).toBe(Number.MAX_SAFE_INTEGER);
        const other = newKey();
        await store.create(other, newRecord(clock.now(), { expiresAt: clock.now() + 0.5 }));
        expect((await store.read(other))?.expiresAt).toBe(clock.now() + 1);
      }));

    test("keys and keysOf go from page to page", () =>
      settle(async () => {
        const keys = Array.from({ length: 1203 }, newKey);
        const record = newRecord(clock.now(), { owner });
        await createAll(store, keys, record);
        await store.create("00".repeat(32), newRecord(clock.now(), { owner }));
        await store.create("ff".repeat(32), newRecord(clock.now(), { owner }));
        const expected = [...keys, "00".repeat(32), "ff".repeat(32)].sort();
        expect(await all(store.keys?.())).toEqual(expected);
        expect(await all(store.keysOf?.(owner))).toEqual(expected);
        expect(await all(store.keysOf?.(newKey()))).toEqual([]);
      }));
  });

  test("owners are compared byte by byte, not as a collation compares", async () => {
    const store = await open();
    const owners = ["ada", "Ada", "ada ", "ad\u00e4", "", "ada\0"];
    const keys = owners.map(newKey);
    await Promise.all(owners.map((owner, at) => store.create(keys[at] ?? "", newRecord(clock.now(), { owner }))));
    for (const [at, owner] of owners.entries()) expect(await all(store.keysOf?.(owner))).toEqual([keys[at]]);
    await store.close();
  });

  test("what the caller's pool does to values does not matter", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: "o", retired: "", data: "\u{1f469}\0\u20ac" })];
    await store.create(key, record);
    await store.close();
    const { createPool } = await import("mysql2/promise");
    for (const options of [
      { typeCast: (field: { string(): string | null }) => field.string() },
      { typeCast: false },
      { rowsAsArray: true, namedPlaceholders: true, supportBigNumbers: true, bigNumberStrings: true },
      { nestTables: true, charset: "latin1", timezone: "+09:00", dateStrings: true, disableEval: true },
    ]) {
      const pool = createPool({ uri: server.url, ...(options as object) });
      const through = await open({ pool });
      expect(await through.read(key)).toEqual(record);
      const other = newKey();
      expect(await through.create(other, record)).toBe(true);
      expect(await through.read(other)).toEqual(record);
      expect(await through.count()).toBe(0);
      expect((await all(through.keysOf?.("o"))).sort()).toContain(other);
      await through.close();
      await pool.end();
    }
  });

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
    const removing = store.gc();
    await store.close();
    const removed = await removing.catch((error: { code?: string }) => error.code);
    expect(removed === "SESS_UNAVAILABLE" || removed === "SESS_CLOSED" || Number(removed) < 1600).toBe(true);
    await other.gc();
    expect(await all(other.keys?.())).toEqual([]);
    await other.close();
  });

  test("closing leaves the caller's pool open and ends our own connections", async () => {
    const before = await statusOf(admin, "Threads_connected");
    const [own, borrowed] = [await open(), await open({ pool: admin })];
    await Promise.all(Array.from({ length: 20 }, () => own.read(newKey())));
    await Promise.all([own.close(), own.close(), borrowed.close()]);
    await expect(borrowed.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await expect(own.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await expect.poll(() => statusOf(admin, "Threads_connected")).toBeLessThanOrEqual(before);
  });

  test("the table is as ddl says, created once by as many as come at the same time", async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(stores.map((store) => store.close()));
    const [[row]] = (await admin.query(`SHOW CREATE TABLE ${table}`)) as unknown as [[Record<string, string>]];
    expect(row?.["Create Table"]).toMatch(/ENGINE=InnoDB/);
    expect(row?.["Create Table"]).toMatch(/PRIMARY KEY \(`session_key`\)/);
    expect(row?.["Create Table"]).toMatch(/KEY `expires` \(`expires`,`retired`\)/);
    expect(row?.["Create Table"]).toMatch(/KEY `owner` \(`owner`\)/);
  });

  test("a table made by hand will do, and createTable: false makes none", async () => {
    const closed = mysql({ dsn: server.url, table, createTable: false });
    await expect(closed.connect(clock)).rejects.toMatchObject({
      code: "SESS_CONFIG",
      message: `mysql: there is no table ${table}, and createTable is false`,
    });
    await admin.query(ddl(table));
    await (await closed.connect(clock)).close();
  });

  test.each<[what: string, change: string]>([
    ["a table of somebody else", "DROP COLUMN data"],
    ["data that would be cut off", "MODIFY data BLOB NOT NULL"],
    ["a key with a collation", "MODIFY session_key CHAR(32) CHARACTER SET utf8mb4 NOT NULL"],
    ["a version that would be cut off", "MODIFY version VARBINARY(20) NOT NULL"],
    ["an expiry of 32 bits", "MODIFY expires INT NOT NULL"],
    ["no primary key", "DROP PRIMARY KEY"],
  ])("%s is refused", async (_what, change) => {
    await admin.query(`${ddl(table)}; ALTER TABLE ${table} ${change}`);
    await expect(open()).rejects.toMatchObject({ code: "SESS_CONFIG", message: expect.stringContaining(table) });
  });

  test("a pool that is not in autocommit mode is refused: nothing would be stored", async () => {
    const pool = adminPool(server.url);
    pool.pool.on("connection", (connection) => connection.query("SET autocommit = 0"));
    await expect(open({ pool })).rejects.toMatchObject({ code: "SESS_CONFIG", message: /autocommit/ });
    await pool.end();
  });

  test("no database is refused", async () => {
    const url = new URL(server.url);
    url.pathname = "/";
    await expect(open({ dsn: url.href })).rejects.toMatchObject({ code: "SESS_CONFIG" });
  });

  test("rows that are torn or somebody else's are no sessions, and are left alone", async () => {
    const store = await open();
    const insert = async (row: object) => {
      const key = newKey();
      const columns = { version: "v", expires: clock.now() + 60_000, owner: null, retired: null, data: "{}", ...row };
      await admin.query(`INSERT INTO ${table} SET session_key = UNHEX(?), ?`, [key, columns]);
      return key;
    };
    for (const row of [
      { data: Buffer.from([0xc3, 0x28]) },
      { version: Buffer.from([0xff]) },
      { owner: Buffer.from([0x80]) },
    ]) {
      const key = await insert(row);
      expect(await store.read(key)).toBeUndefined();
      expect(await store.create(key, newRecord(clock.now()))).toBe(false);
      expect(await store.update(key, newRecord(clock.now()), "w")).toEqual({ written: false, current: undefined });
      expect(await store.touch(key, 0, "w")).toBe(false);
    }
    const far = await insert({ expires: "9223372036854775807" });
    expect(await store.read(far)).toBeUndefined();
    await store.close();
  });
});
