import { PGlite } from "@electric-sql/pglite";
import { createManager, type Provider } from "@sess/core";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ddl, type PostgresConfig, postgres } from "../src/provider.js";
import {
  adminPool,
  all,
  Clock,
  connectionsOf,
  createAll,
  describeWithUrl,
  newKey,
  newRecord,
  newTable,
} from "./support.js";

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
  const open = (config: PostgresConfig = { url: server.url }) => postgres({ ...config, table }).connect(clock);

  test("of a Manager's session, nothing at rest names the id or the owner", async () => {
    const manager = await createManager(postgres({ url: server.url, table }));
    const exchange = manager.begin(new Request("http://shop.test/"));
    const session = await exchange.session();
    session.set("n", 1);
    session.owner = "ada@example.com";
    await session.release();
    const old = session.id;
    await session.regenerate();
    const { rows } = await admin.query(`SELECT row_to_json(t)::text AS row FROM ${table} t`);
    expect(rows).toHaveLength(2);
    for (const secret of [old, session.id, "ada@example.com"]) expect(JSON.stringify(rows)).not.toContain(secret);
    await manager.close();
  });

  test("the table is as ddl says, created once by as many as come at the same time", async () => {
    for (let round = 0; round < 5; round++) {
      table = newTable();
      tables.push(table);
      const stores = await Promise.all(Array.from({ length: 12 }, () => open({ url: server.url, poolSize: 1 })));
      await Promise.all(stores.map((store) => store.close()));
      const { rows } = await admin.query("SELECT indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY 1", [table]);
      expect(rows.map(({ indexdef }) => indexdef.replace(/.* USING /, ""))).toEqual([
        "btree (expires)",
        "btree (owner, key) WHERE (owner IS NOT NULL)",
        "btree (key)",
      ]);
    }
  });

  test("a table made by hand will do, in a schema as well, and createTable: false makes none", async () => {
    await admin.query("CREATE SCHEMA IF NOT EXISTS elsewhere");
    for (const schema of [undefined, "elsewhere"]) {
      const closed = postgres({ url: server.url, table, schema, createTable: false });
      await expect(closed.connect(clock)).rejects.toMatchObject({
        code: "SESS_CONFIG",
        message: `postgres: there is no table ${table}, and createTable is false`,
      });
      await admin.query(ddl(table, schema));
      await (await closed.connect(clock)).close();
    }
    await admin.query("DROP SCHEMA elsewhere CASCADE");
  });

  test("tables of one name in two schemas never see each other", async () => {
    await admin.query("CREATE SCHEMA IF NOT EXISTS apart");
    const [here, there] = [await open(), await open({ url: server.url, schema: "apart" })];
    const [key, record] = [newKey(), newRecord(clock.now())];
    await here.create(key, record);
    expect(await there.read(key)).toBeUndefined();
    expect(await there.create(key, newRecord(clock.now()))).toBe(true);
    expect(await here.read(key)).toEqual(record);
    await Promise.all([here.close(), there.close()]);
    await admin.query("DROP SCHEMA apart CASCADE");
  });

  test.each<[what: string, change: (table: string) => string]>([
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
  ])("%s is refused", async (_what, change) => {
    await admin.query(ddl(table));
    await admin.query(change(table));
    await expect(open()).rejects.toMatchObject({ code: "SESS_CONFIG", message: expect.stringContaining(table) });
  });

  test("a database in another encoding is refused", async () => {
    await admin.query("DROP DATABASE IF EXISTS latin");
    await admin.query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const connecting = postgres({ url: server.url, database: "latin" }).connect(clock);
    await expect(connecting).rejects.toMatchObject({ code: "SESS_CONFIG", message: /UTF8/ });
    await admin.query("DROP DATABASE latin");
  });

  test("create sent again after its record has expired stores it once more; in place of what has expired too", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey(), expiresAt: clock.now() + 10 })];
    expect(await store.create(key, record)).toBe(true);
    expect(await store.create(key, record)).toBe(false);
    clock.advance(10);
    expect(await store.create(key, record)).toBe(true);
    const marker = newRecord(clock.now(), { retired: newKey() });
    expect(await store.create(key, marker)).toBe(true);
    expect(await store.create(key, record)).toBe(false);
    expect(await store.read(key)).toEqual(marker);
    await store.close();
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
    const texts: string[] = [];
    const counted = {
      query: (text: string, values?: (string | number | null)[]) => {
        texts.push(text);
        return admin.query(text, values);
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
  });

  describe("in pages", () => {
    let store: Provider;
    beforeEach(async () => {
      store = await open();
      return () => store.close();
    });

    test("keys and keysOf go from page to page", async () => {
      const owner = newKey();
      const keys = [...Array.from({ length: 1203 }, newKey), "00".repeat(32), "ff".repeat(32)];
      await createAll(store, keys, newRecord(clock.now(), { owner }));
      await createAll(store, Array.from({ length: 20 }, newKey), newRecord(clock.now(), { retired: "" }));
      expect(await all(store.keys?.())).toEqual([...keys].sort());
      expect(await all(store.keysOf?.(owner))).toEqual([...keys].sort());
      expect(await store.count()).toBe(keys.length);
    });

    test("a listing of an owner reads the index of owners alone", async () => {
      await createAll(store, Array.from({ length: 300 }, newKey), newRecord(clock.now()));
      const client = await admin.connect();
      await client.query(`ANALYZE ${table}; BEGIN; SET LOCAL enable_seqscan = off`);
      const { rows } = await client.query(
        `EXPLAIN SELECT encode(key, 'hex') FROM ${table} WHERE owner = 'o' AND key > '\\x00' ORDER BY key LIMIT 500`,
      );
      expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toMatch(/_owner_key_idx/);
      await client.query("ROLLBACK");
      client.release();
    });
  });

  test("gc of several handles at once removes each record once, and nothing that is created anew meanwhile", async () => {
    const stores = await Promise.all([open(), open(), open()]);
    const keys = Array.from({ length: 3000 }, newKey);
    await createAll(stores[0] as Provider, keys, newRecord(clock.now(), { expiresAt: clock.now() + 1 }));
    clock.advance(60_001);
    const renewed = keys.filter((_, index) => index % 10 === 0);
    const record = newRecord(clock.now());
    const [removed, created] = await Promise.all([
      Promise.all(stores.map((each) => each.gc())),
      Promise.all(renewed.map((key) => stores[0]?.create(key, record))),
    ]);
    expect(created.every((one) => one === true)).toBe(true);
    // A key that was freed before it was created again was removed as well.
    const total = removed.reduce((sum, one) => sum + one, 0);
    expect(total).toBeGreaterThanOrEqual(2700);
    expect(total).toBeLessThanOrEqual(3000);
    expect(await stores[0]?.count()).toBe(300);
    expect(await stores[0]?.gc()).toBe(0);
    await Promise.all(stores.map((each) => each.close()));
  });

  test("gc ends when its handle closes", async () => {
    const [store, other] = [await open(), await open()];
    const record = newRecord(clock.now(), { expiresAt: clock.now() + 1 });
    await createAll(store, Array.from({ length: 1600 }, newKey), record);
    clock.advance(60_001);
    const removing = expect(store.gc()).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await store.close();
    await removing;
    expect(await other.gc()).toBeGreaterThanOrEqual(1100);
    await other.close();
  });

  test("closing waits for what is being written, ends our own connections, and leaves the caller's pool open", async () => {
    const before = await connectionsOf(admin);
    const [own, borrowed] = [await open(), await open({ pool: admin })];
    await Promise.all(Array.from({ length: 20 }, () => own.read(newKey())));
    const [key, record] = [newKey(), newRecord(clock.now())];
    const creating = Promise.all([own.create(key, record), borrowed.create(newKey(), record)]);
    await Promise.all([own.close(), own.close(), borrowed.close()]);
    expect(await creating).toEqual([true, true]);
    await expect(borrowed.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await expect(own.read(newKey())).rejects.toMatchObject({ code: "SESS_CLOSED" });
    await expect.poll(() => connectionsOf(admin)).toBeLessThanOrEqual(Math.max(before, 10));
  });

  test("rows that are torn or somebody else's are no sessions, and are left alone", async () => {
    const store = await open();
    const key = newKey();
    await admin.query(
      `INSERT INTO ${table} (key, version, expires, data) VALUES (decode($1, 'hex'), 'v', 'infinity', E'\\u0001{')`,
      [key],
    );
    expect(await store.read(key)).toBeUndefined();
    expect(await store.create(key, newRecord(clock.now()))).toBe(false);
    expect(await store.update(key, newRecord(clock.now()), "w")).toEqual({ written: false, current: undefined });
    await store.close();
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
