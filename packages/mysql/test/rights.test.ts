import type { Provider } from "@sess/core";
import type { Pool } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ddl, mysql } from "../src/provider.js";
import { rightsOfReadme } from "./grants.js";
import { adminPool, Clock, describeWithUrl, newKey, newRecord, newTable } from "./support.js";

const { always, first } = await rightsOfReadme();
const user = "sess_rights";

/** What needs a right, besides connecting. */
const needs: Record<string, (store: Provider, now: number) => Promise<unknown>> = {
  SELECT: (store) => store.read(newKey()),
  INSERT: (store, now) => store.create(newKey(), newRecord(now)),
  UPDATE: (store, now) => store.update(newKey(), newRecord(now), "v"),
  DELETE: (store) => store.gc(),
};

// That they are enough for everything is what conformance.test.ts shows.
describeWithUrl("the rights that README names", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let admin: Pool;
  let table: string;
  let dsn: string;
  const clock = new Clock();
  const tables: string[] = [];
  beforeAll(async () => {
    server = await start();
    admin = adminPool(server.url);
    const url = new URL(server.url);
    [url.username, url.password] = [user, "pw"];
    dsn = url.href;
  }, 150_000);
  beforeEach(async () => {
    table = newTable();
    tables.push(table);
    await admin.query(`DROP USER IF EXISTS '${user}'@'%'; CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'`);
  });
  afterAll(async () => {
    for (const name of tables) await admin.query(`DROP TABLE IF EXISTS ${name}`);
    await admin.query(`DROP USER '${user}'@'%'`);
    await admin.end();
    await server.stop();
  }, 60_000);
  const grant = (rights: readonly string[]) => admin.query(`GRANT ${rights.join(", ")} ON ${table} TO '${user}'@'%'`);
  const open = () => mysql({ dsn, table, timeout: 2000 }).connect(clock);

  test("are those that something needs, no more", () => {
    expect([...always].sort()).toEqual(Object.keys(needs).sort());
    expect(first).toBe("CREATE");
  });

  test.each(always)("none is to spare: without %s something is refused", async (right) => {
    await admin.query(ddl(table));
    await grant(always.filter((each) => each !== right));
    if (right === "SELECT") return expect(open()).rejects.toMatchObject({ code: "SESS_CONFIG" });
    const store = await open();
    for (const [each, need] of Object.entries(needs)) {
      const outcome = await need(store, clock.now()).catch((error: unknown) => error);
      if (each === right) expect(outcome).toMatchObject({ code: "SESS_UNAVAILABLE", cause: { errno: 1142 } });
      else expect(outcome).not.toBeInstanceOf(Error);
    }
    await store.close();
  });

  test("the first start creates the table with one right more, and without it is refused", async () => {
    await admin.query(ddl(table));
    await grant([...always, first]);
    await admin.query(`DROP TABLE ${table}`);
    const store = await open();
    expect(await store.create(newKey(), newRecord(clock.now()))).toBe(true);
    await store.close();
    await admin.query(`DROP TABLE ${table}; REVOKE ${first} ON ${table} FROM '${user}'@'%'`);
    await expect(open()).rejects.toMatchObject({ code: "SESS_CONFIG" });
  });
});
