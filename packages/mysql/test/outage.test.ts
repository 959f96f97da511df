import { inspect } from "node:util";
import type { Provider, SessionRecord } from "@sess/core";
import type { Pool } from "mysql2/promise";
import { createPool } from "mysql2/promise";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cableOut, resetWhenUsed } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { mysql } from "../src/provider.js";
import { freePort, type PrivateMysql, startMysql } from "./server.js";
import { adminPool, all, Clock, describeWithServer, newKey, newRecord, statusOf } from "./support.js";

const timeout = 600;
/** What a bound of `timeout` may take on a busy machine, in milliseconds. */
const bound = timeout + 2500;
const unavailable = { code: "SESS_UNAVAILABLE" };
const secret = "hunter2-wrong";

const timed = async (operation: () => Promise<unknown>) => {
  const start = performance.now();
  const error = await operation().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - start };
};

/** Each operation of a provider that goes to the server. */
const operationsOn = (store: Provider, key: string, record: SessionRecord) => [
  () => store.read(key),
  () => store.create(newKey(), record),
  () => store.update(key, record, record.version),
  () => store.touch(key, record.expiresAt + 1, record.version),
  () => store.count(),
  () => store.gc(),
  () => all(store.keys?.()),
  () => all(store.keysOf?.(newKey())),
];

describeWithServer("a server that is down, hangs or refuses", () => {
  let server: PrivateMysql;
  let admin: Pool;
  const clock = new Clock();
  const printed = vi.spyOn(console, "error");
  beforeEach(async () => {
    server = await startMysql();
    admin = adminPool(server.url);
  }, 150_000);
  afterEach(async () => {
    await admin.end().catch(() => {});
    await server.stop();
    expect(printed).not.toHaveBeenCalled();
  });
  const open = (config = {}) => mysql({ dsn: server.url, timeout, ...config }).connect(clock);
  const seeded = async (store: Provider) => {
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    return { key, record };
  };

  test("nobody listens", async () => {
    const port = await freePort();
    const { error, ms } = await timed(() => mysql({ port, timeout }).connect(clock));
    expect(error).toMatchObject({ ...unavailable, cause: { code: "ECONNREFUSED" } });
    expect(error).toMatchObject({ message: "mysql: there is no connection to the server (ECONNREFUSED)" });
    expect(ms).toBeLessThan(bound);
  });

  test("somebody accepts and never answers, to a pool of our own and to a caller's", async () => {
    const hole = new TcpProxy(server.port);
    await hole.begin(cableOut);
    const port = await hole.listen();
    const pool = createPool({ host: "127.0.0.1", port });
    for (const config of [
      { port, timeout },
      { pool, timeout },
    ]) {
      const { error, ms } = await timed(() => mysql(config).connect(clock));
      expect(error).toMatchObject(unavailable);
      expect(ms).toBeLessThan(bound);
    }
    await hole.close();
    await pool.end().catch(() => {});
  });

  test("wrong password, no such user, no such database: SESS_CONFIG, and nothing stays open", async () => {
    await admin.query("CREATE USER 'ada'@'%' IDENTIFIED BY 'hunter2'");
    const before = await statusOf(admin, "Threads_connected");
    const cases: [options: object, reason: RegExp][] = [
      [{ user: "ada", password: secret }, /refused the user or the password/],
      [{ user: "ada", password: "" }, /refused the user or the password/],
      [{ user: "eve", password: secret }, /refused the user or the password/],
      [{ database: "nowhere" }, /there is no such database/],
      [{ user: "ada", password: "hunter2" }, /no right to the database/],
    ];
    for (const [options, reason] of cases) {
      const { error, ms } = await timed(() => open(options));
      expect(error).toMatchObject({ code: "SESS_CONFIG", message: expect.stringMatching(reason) });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|INSERT|SELECT/);
      expect(ms).toBeLessThan(bound);
    }
    await expect.poll(() => statusOf(admin, "Threads_connected")).toBe(before);
  });

  test("no table and no right to create it; no right to look at it", async () => {
    await admin.query("CREATE USER 'ada'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE ON sess.* TO 'ada'@'%'");
    await admin.query("CREATE USER 'eve'@'%'; GRANT INSERT ON sess.* TO 'eve'@'%'");
    for (const options of [{ user: "ada" }, { user: "ada", createTable: false }, { user: "eve" }]) {
      const { error } = await timed(() => open(options));
      const reason = "createTable" in options ? /there is no table/ : /lacks a right that is needed/;
      expect(error).toMatchObject({ code: "SESS_CONFIG", message: expect.stringMatching(reason) });
    }
    await (await open()).close();
    // Once it is there, nobody needs the right to create it.
    await (await open({ user: "ada" })).close();
    expect((await timed(() => open({ user: "eve" }))).error).toMatchObject({ code: "SESS_CONFIG" });
  });

  test("too many connections is SESS_UNAVAILABLE, and passes", async () => {
    await admin.query("SET GLOBAL max_connections = 10");
    await admin.query("CREATE USER 'ada'@'%'; GRANT ALL ON sess.* TO 'ada'@'%'");
    const hungry = createPool({ uri: server.url, connectionLimit: 9 });
    const held = await Promise.all(Array.from({ length: 9 }, () => hungry.getConnection()));
    expect((await timed(() => open({ user: "ada" }))).error).toMatchObject(unavailable);
    for (const connection of held) connection.release();
    await hungry.end();
    await vi.waitFor(async () => (await open({ user: "ada" })).close());
  });

  test("it hangs: every operation settles in time, the queue is bounded, and all goes on when the server does", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await server.pause();
    for (const operation of operationsOn(store, key, record)) {
      const { error, ms } = await timed(operation);
      expect(error).toMatchObject(unavailable);
      expect(ms).toBeLessThan(bound);
    }
    const crowd = await Promise.all(Array.from({ length: 10_050 }, () => timed(() => store.read(key))));
    expect(crowd.every(({ error }) => (error as { code?: string }).code === "SESS_UNAVAILABLE")).toBe(true);
    const refused = crowd.filter(({ error }) => /Queue limit/.test(inspect(error)));
    expect(refused.length).toBeGreaterThan(0);
    server.resume();
    await vi.waitFor(async () => expect(await store.read(key)).toMatchObject({ version: record.version }), 10_000);
    const { ms } = await timed(() => store.close());
    expect(ms).toBeLessThan(bound);
  });

  test("close while it hangs takes a second, and what was under way is rejected", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await server.pause();
    const running = operationsOn(store, key, record).map(timed);
    const { ms } = await timed(() => store.close());
    expect(ms).toBeLessThan(bound);
    for (const { error } of await Promise.all(running)) {
      expect(["SESS_UNAVAILABLE", "SESS_CLOSED"]).toContain((error as { code?: string }).code);
    }
    server.resume();
  });

  test("express-mysql-session #18 #34 #131: connections that were lost are replaced, those of the caller's pool too", async () => {
    const pool = createPool(server.url);
    const stores = [await open(), await mysql({ pool, timeout }).connect(clock)];
    for (const store of stores) {
      const { key, record } = await seeded(store);
      const warm = () => Promise.all(Array.from({ length: 10 }, () => store.read(key)));
      await warm();
      await server.kill();
      for (const operation of operationsOn(store, key, record)) {
        const { error, ms } = await timed(operation);
        expect(error).toMatchObject(unavailable);
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key);
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("ada");
        expect(ms).toBeLessThan(bound);
      }
      await server.restart();
      expect((await warm()).map((found) => found?.version)).toEqual(new Array(10).fill(record.version));
      await store.update(key, newRecord(clock.now()), record.version);
    }
    await Promise.all(stores.map((store) => store.close()));
    await pool.end();
  });

  test("a pool in which every connection is dead: no read is lost, and one write at the most is unknown", async () => {
    const proxy = new TcpProxy(server.port);
    const url = `mysql://root@127.0.0.1:${await proxy.listen()}/sess`;
    const store = await open({ dsn: url, poolSize: 4, timeout: 5000 });
    const { key, record } = await seeded(store);
    await Promise.all(Array.from({ length: 16 }, () => store.read(key)));
    expect(proxy.connections).toBe(4);
    await proxy.begin(resetWhenUsed);
    expect(await store.read(key)).toEqual(record);
    await Promise.all(Array.from({ length: 16 }, () => store.read(key)));
    await proxy.begin(resetWhenUsed);
    let failures = 0;
    while ((await timed(() => store.create(newKey(), record))).error !== undefined) failures++;
    expect(failures).toBe(1);
    await store.close();
    await proxy.close();
  });

  test("a network that swallows everything: in time, and healed when it is back", async () => {
    const proxy = new TcpProxy(server.port);
    const url = `mysql://root@127.0.0.1:${await proxy.listen()}/sess`;
    const store = await open({ dsn: url, poolSize: 2 });
    const { key, record } = await seeded(store);
    await proxy.begin(cableOut);
    for (const operation of operationsOn(store, key, record)) {
      const { error, ms } = await timed(operation);
      expect(error).toMatchObject(unavailable);
      expect(ms).toBeLessThan(bound);
    }
    await proxy.lift();
    await vi.waitFor(async () => expect(await store.read(key)).toMatchObject({ version: record.version }), 10_000);
    await store.close();
    await proxy.close();
  });

  test("a server that became read-only: writes are SESS_UNAVAILABLE, reads go on, all goes on afterwards", async () => {
    await admin.query("CREATE USER 'ada'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON sess.* TO 'ada'@'%'");
    const store = await open({ user: "ada" });
    const { key, record } = await seeded(store);
    await admin.query("SET GLOBAL read_only = 1");
    const { error } = await timed(() => store.update(key, newRecord(clock.now()), record.version));
    expect(error).toMatchObject({ ...unavailable, message: "mysql: the server is read-only", cause: { errno: 1290 } });
    expect(await store.read(key)).toEqual(record);
    await admin.query("SET GLOBAL read_only = 0");
    expect(await store.touch(key, 0, record.version)).toBe(true);
    await store.close();
  });
});
