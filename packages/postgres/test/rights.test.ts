import type { Provider } from "@sess/core";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ddl, postgres } from "../src/provider.js";
import { rightsOfReadme } from "./grants.js";
import { type PrivatePostgres, startPostgres } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord, newTable } from "./support.js";

const { always, first } = await rightsOfReadme();

/** What needs a right, besides connecting. */
const needs: Record<string, (store: Provider, now: number) => Promise<unknown>> = {
  SELECT: (store) => store.read(newKey()),
  INSERT: (store, now) => store.create(newKey(), newRecord(now)),
  UPDATE: (store, now) => store.touch(newKey(), now, "v"),
  DELETE: (store) => store.gc(),
};

// That they are enough for everything is what conformance.test.ts shows.
describeWithServer("the rights that README names", () => {
  let server: PrivatePostgres;
  let admin: Pool;
  let table: string;
  const clock = new Clock();
  beforeAll(async () => {
    server = await startPostgres();
    admin = adminPool(server.url);
    await admin.query("CREATE ROLE sess_rights LOGIN");
  }, 150_000);
  beforeEach(() => {
    table = newTable();
  });
  afterAll(async () => {
    await admin.end();
    await server.stop();
  }, 60_000);
  const open = () => postgres({ url: server.url, user: "sess_rights", table, timeout: 2000 }).connect(clock);

  test("are those that something needs, no more", () => {
    expect([...always].sort()).toEqual(Object.keys(needs).sort());
    expect(first).toBe("CREATE");
  });

  test.each(always)("none is to spare: without %s something is refused", async (right) => {
    const rest = always.filter((each) => each !== right);
    await admin.query(`${ddl(table)} GRANT ${rest.join(", ")} ON ${table} TO sess_rights`);
    const store = await open();
    const outcome = await needs[right]?.(store, clock.now()).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: "SESS_UNAVAILABLE", cause: { code: "42501" } });
    await store.close();
  });

  test("the first start creates the table with one right more, and without it is refused", async () => {
    await expect(open()).rejects.toMatchObject({ code: "SESS_CONFIG" });
    await admin.query(`GRANT ${first} ON SCHEMA public TO sess_rights`);
    const store = await open();
    expect(await store.create(newKey(), newRecord(clock.now()))).toBe(true);
    await store.close();
    await admin.query(`REVOKE ${first} ON SCHEMA public FROM sess_rights`);
    // Once it is there, nobody needs the right to create it.
    await (await open()).close();
  });
});
