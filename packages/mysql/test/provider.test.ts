import { createPool } from "mysql2/promise";
import { expect, test } from "vitest";
import { tableTests } from "../../core/test-support/stores/sql-provider.js";
import { subject } from "./subject.js";
import { adminPool, all, describeWithUrl, newKey, newRecord } from "./support.js";

const alter = (change: string) => (table: string) => `ALTER TABLE ${table} ${change}`;

describeWithUrl("the provider", (start) => {
  const changes = [
    ["a table of somebody else", alter("DROP COLUMN data")],
    ["data that would be cut off", alter("MODIFY data BLOB NOT NULL")],
    ["a key with a collation", alter("MODIFY session_key CHAR(32) CHARACTER SET utf8mb4 NOT NULL")],
    ["a version that would be cut off", alter("MODIFY version VARBINARY(20) NOT NULL")],
    ["an expiry of 32 bits", alter("MODIFY expires INT NOT NULL")],
    ["no primary key", alter("DROP PRIMARY KEY")],
  ] as const;
  const { server, open, table, clock } = tableTests(
    {
      ...subject,
      changes,
      foreign: [{ data: "X'c328'" }, { version: "X'ff'" }, { owner: "X'80'" }],
      finishesWrites: false,
      gcEnded: ({ removed, code }) =>
        code === "SESS_UNAVAILABLE" || code === "SESS_CLOSED" || (removed !== undefined && removed < 1600),
    },
    start,
  );
  const administer = async <T>(work: (admin: ReturnType<typeof adminPool>) => Promise<T>) => {
    const admin = adminPool(server().url);
    const result = await work(admin);
    await admin.end();
    return result;
  };

  test("the table is as ddl says", async () => {
    await (await open()).close();
    const [[row]] = (await administer((admin) => admin.query(`SHOW CREATE TABLE ${table()}`))) as unknown as [
      [Record<string, string>],
    ];
    expect(row?.["Create Table"]).toMatch(/ENGINE=InnoDB/);
    expect(row?.["Create Table"]).toMatch(/PRIMARY KEY \(`session_key`\)/);
    expect(row?.["Create Table"]).toMatch(/KEY `expires` \(`expires`,`retired`\)/);
    expect(row?.["Create Table"]).toMatch(/KEY `owner` \(`owner`\)/);
  });

  test.each([{ poolSize: 1 }, { pool: true }])(
    "a time that is no whole number, or none that a column holds: %o",
    (config) =>
      administer(async (pool) => {
        const store = await open(config.pool ? { pool } : config);
        const [endless, half] = [newKey(), newKey()];
        await store.create(endless, newRecord(clock.now(), { expiresAt: Number.POSITIVE_INFINITY }));
        expect((await store.read(endless))?.expiresAt).toBe(Number.MAX_SAFE_INTEGER);
        await store.create(half, newRecord(clock.now(), { expiresAt: clock.now() + 0.5 }));
        expect((await store.read(half))?.expiresAt).toBe(clock.now() + 1);
        await store.close();
      }),
  );

  test("what the caller's pool does to values does not matter", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: "o", retired: "", data: "\u{1f469}\0\u20ac" })];
    await store.create(key, record);
    await store.close();
    for (const options of [
      { typeCast: (field: { string(): string | null }) => field.string() },
      { typeCast: false },
      { rowsAsArray: true, namedPlaceholders: true, supportBigNumbers: true, bigNumberStrings: true },
      { nestTables: true, charset: "latin1", timezone: "+09:00", dateStrings: true, disableEval: true },
    ]) {
      const pool = createPool({ uri: server().url, ...(options as object) });
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

  test("a pool that is not in autocommit mode is refused: nothing would be stored", async () => {
    const pool = adminPool(server().url);
    pool.pool.on("connection", (connection) => connection.query("SET autocommit = 0"));
    await expect(open({ pool })).rejects.toMatchObject({ code: "SESS_CONFIG", message: /autocommit/ });
    await pool.end();
  });

  test("no database is refused", async () => {
    const url = new URL(server().url);
    url.pathname = "/";
    await expect(subject.connect(url.href, { table: table() }, clock)).rejects.toMatchObject({ code: "SESS_CONFIG" });
  });

  test("an expiry beyond what a number holds is none of ours", async () => {
    const [store, key] = [await open(), newKey()];
    await administer((admin) =>
      admin.query(`INSERT INTO ${table()} SET session_key = UNHEX(?), version = 'v', data = '{}', expires = ?`, [
        key,
        "9223372036854775807",
      ]),
    );
    expect(await store.read(key)).toBeUndefined();
    await store.close();
  });
});
