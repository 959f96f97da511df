import { PGlite } from "@electric-sql/pglite";
import { createManager } from "@sess/core";
import { expect, test } from "vitest";
import { tableTests } from "../../core/test-support/stores/sql-provider.js";
import { ddl, type PostgresConfig, postgres } from "../src/provider.js";
import { sqlFor } from "../src/sql.js";
import { subject } from "./subject.js";
import { adminPool, all, Clock, createAll, describeWithUrl, newKey, newRecord } from "./support.js";

describeWithUrl("the provider", (start) => {
  const changes: [what: string, change: (table: string) => string][] = [
    ["a table of somebody else", (t) => `ALTER TABLE ${t} DROP COLUMN data`],
    ["data that would be cut off", (t) => `ALTER TABLE ${t} ALTER data TYPE varchar(100)`],
    ["a version of a fixed length", (t) => `ALTER TABLE ${t} ALTER version TYPE char(64)`],
    ["an expiry of 32 bits", (t) => `ALTER TABLE ${t} ALTER expires TYPE real`],
    [
      "versions that are equal and not the same",
      (t) =>
        `CREATE COLLATION IF NOT EXISTS nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         ALTER TABLE ${t} ALTER version TYPE text COLLATE nocase`,
    ],
    ["no primary key", (t) => `ALTER TABLE ${t} DROP CONSTRAINT ${t}_pkey`],
    ["a column more, without which nothing can be stored", (t) => `ALTER TABLE ${t} ADD more int NOT NULL`],
  ];
  const stage = tableTests(
    {
      ...subject,
      changes,
      foreign: [{ data: "E'\\u0001{'" }, { version: "E'\\u0001{'" }, { owner: "E'\\u0001{'" }],
      finishesWrites: true,
      gcEnded: ({ code }) => code === "SESS_CLOSED",
    },
    start,
  );
  const { admin, table, clock } = stage;
  const open = (config: PostgresConfig = { url: stage.server().url }) =>
    postgres({ ...config, table: table() }).connect(clock);
  const rowsOf = async (sql: string) => ((await admin().query(sql)) as { rows: Record<string, string>[] }).rows;

  test("of a Manager's session, nothing at rest names the id or the owner", async () => {
    const manager = await createManager(postgres({ url: stage.server().url, table: table() }));
    const exchange = manager.begin(new Request("http://shop.test/"));
    const session = await exchange.session();
    session.set("n", 1);
    session.owner = "ada@example.com";
    await session.release();
    const old = session.id;
    await session.regenerate();
    const rows = await rowsOf(`SELECT row_to_json(t)::text AS row FROM ${table()} t`);
    expect(rows).toHaveLength(2);
    for (const secret of [old, session.id, "ada@example.com"]) expect(JSON.stringify(rows)).not.toContain(secret);
    await manager.close();
  });

  test("a statement is prepared once, and goes on when the table's columns change", async () => {
    const store = await open({ url: stage.server().url, poolSize: 1 });
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    expect(await store.read(key)).toEqual(record);
    await admin().query(`ALTER TABLE ${table()} ALTER data TYPE varchar`);
    expect(await store.read(key)).toEqual(record);
    expect(await store.update(key, record, record.version)).toEqual({ written: true });
    await store.close();
  });

  test("the table is as ddl says", async () => {
    await (await open()).close();
    const rows = await rowsOf(`SELECT indexdef FROM pg_indexes WHERE tablename = '${table()}' ORDER BY 1`);
    expect(rows.map(({ indexdef }) => indexdef?.replace(/.* USING /, ""))).toEqual([
      "btree (expires)",
      "btree (owner, key) WHERE (owner IS NOT NULL)",
      "btree (key)",
    ]);
  });

  test("a table made by hand in a schema will do as well, and createTable: false makes none there either", async () => {
    await admin().query("CREATE SCHEMA IF NOT EXISTS elsewhere");
    const closed = postgres({ url: stage.server().url, table: table(), schema: "elsewhere", createTable: false });
    await expect(closed.connect(clock)).rejects.toMatchObject({
      code: "SESS_CONFIG",
      message: `postgres: there is no table ${table()}, and createTable is false`,
    });
    await admin().query(ddl(table(), "elsewhere"));
    await (await closed.connect(clock)).close();
    await admin().query("DROP SCHEMA elsewhere CASCADE");
  });

  test("tables of one name in two schemas never see each other", async () => {
    await admin().query("CREATE SCHEMA IF NOT EXISTS apart");
    const [here, there] = [await open(), await open({ url: stage.server().url, schema: "apart" })];
    const [key, record] = [newKey(), newRecord(clock.now())];
    await here.create(key, record);
    expect(await there.read(key)).toBeUndefined();
    expect(await there.create(key, newRecord(clock.now()))).toBe(true);
    expect(await here.read(key)).toEqual(record);
    await Promise.all([here.close(), there.close()]);
    await admin().query("DROP SCHEMA apart CASCADE");
  });

  test("a database in another encoding is refused", async () => {
    await admin().query("DROP DATABASE IF EXISTS latin");
    await admin().query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const connecting = postgres({ url: stage.server().url, database: "latin" }).connect(clock);
    await expect(connecting).rejects.toMatchObject({ code: "SESS_CONFIG", message: /UTF8/ });
    await admin().query("DROP DATABASE latin");
  });

  test("times that are no whole numbers come back exactly, and without end", async () => {
    const store = await open();
    for (const expiresAt of [clock.now() + 0.0625, clock.now() + 1000.3, Number.POSITIVE_INFINITY]) {
      const [key, record] = [newKey(), newRecord(clock.now(), { expiresAt })];
      await store.create(key, record);
      expect(await store.read(key)).toEqual(record);
    }
    await store.close();
  });

  test("an update that is refused says what is there, with everything in it, in one statement", async () => {
    const [texts, pool]: [string[], ReturnType<typeof adminPool>] = [[], adminPool(stage.server().url)];
    const counted = {
      query: (text: string, values?: (string | number | null)[]) => {
        texts.push(text);
        return pool.query(text, values);
      },
    };
    const store = await open({ pool: counted });
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: "o\0", data: "\ud800" })];
    await store.create(key, record);
    texts.length = 0;
    expect(await store.update(key, newRecord(clock.now()), "another")).toEqual({ written: false, current: record });
    expect(await store.update(newKey(), record, "v")).toEqual({ written: false, current: undefined });
    expect(texts).toHaveLength(2);
    await store.close();
    await pool.end();
  });

  test("a page of a listing is read in the order of an index, that of an owner from the index of owners", async () => {
    const store = await open();
    await createAll(store, Array.from({ length: 300 }, newKey), newRecord(clock.now()));
    const pool = adminPool(stage.server().url);
    const client = await pool.connect();
    await client.query(`ANALYZE ${table()}; BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off`);
    const plan = async (text: string, first: string | number) => {
      const { rows } = await client.query(`EXPLAIN ${text}`, [first, ""]);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    const { keys, keysOf } = sqlFor(table());
    expect(await plan(keys, clock.now())).toMatch(/^Limit.*\n.*Index Scan using \w+_pkey/);
    expect(await plan(keysOf, "o")).toMatch(/^Limit.*\n.*Index Only Scan using \w+_owner_key_idx/);
    client.release();
    await pool.end();
    await store.close();
  });

  test("a statement prepared while the table is small does not read all of it, as it would when it is large", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    await admin().query(`VACUUM ANALYZE ${table()}`);
    const others = `SELECT sum(seq_scan) + (SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes
      WHERE relname = '${table()}' AND indexrelname NOT LIKE '%_pkey') AS n FROM pg_stat_user_tables WHERE relname = '${table()}'`;
    const scansBy = async () => Number((await rowsOf(others))[0]?.n);
    const before = await scansBy();
    for (let n = 0; n < 20; n++) {
      expect(await store.read(key)).toEqual(record);
      expect(await store.touch(key, record.expiresAt, record.version)).toBe(true);
      expect(await store.update(key, record, record.version)).toEqual({ written: true });
    }
    // A connection that ends has told the server what it counted.
    await store.close();
    expect((await scansBy()) - before).toBeLessThan(20);
  });
});

test("PGlite: no server, no driver, and the whole of it", async () => {
  const clock = new Clock();
  const pool = await PGlite.create();
  const store = await postgres({ pool }).connect(clock);
  const [key, record] = [newKey(), newRecord(clock.now(), { owner: "ada" })];
  expect(await store.create(key, record)).toBe(true);
  expect(await all(store.keysOf?.("ada"))).toEqual([key]);
  await store.close();
  await pool.close();
}, 150_000);
