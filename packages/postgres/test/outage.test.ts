import { inspect } from "node:util";
import type { Provider, SessionRecord } from "@sess/core";
import { Pool } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resetWhenUsed } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { postgres } from "../src/provider.js";
import { type PrivatePostgres, startPostgres } from "./server.js";
import { adminPool, all, Clock, connectionsOf, describeWithServer, newKey, newRecord } from "./support.js";

const timeout = 600;
/** What a bound of `timeout` may take on a busy machine, in milliseconds. */
const bound = timeout + 3000;
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
  let server: PrivatePostgres;
  let admin: Pool;
  const clock = new Clock();
  const printed = vi.spyOn(console, "error");
  beforeEach(async () => {
    server = await startPostgres();
    admin = adminPool(server.url);
  }, 150_000);
  afterEach(async () => {
    await admin.end().catch(() => {});
    await server.stop();
    expect(printed).not.toHaveBeenCalled();
  });
  const open = (config = {}) => postgres({ url: server.url, timeout, ...config }).connect(clock);
  const seeded = async (store: Provider) => {
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    return { key, record };
  };

  test("a write that no synchronous standby has is never acknowledged, however long it waits", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await admin.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await admin.query("SELECT pg_reload_conf(), pg_sleep(0.2)");
    await expect(store.create(newKey(), record)).rejects.toMatchObject(unavailable);
    await expect(store.update(key, newRecord(clock.now()), record.version)).rejects.toMatchObject(unavailable);
    expect(await store.read(key)).toEqual(record);
    await admin.query("ALTER SYSTEM RESET synchronous_standby_names");
    await admin.query("SELECT pg_reload_conf()");
    await store.close();
  });

  test("wrong password, no such user, no such database: SESS_CONFIG, nothing is told, and nothing stays open", async () => {
    await admin.query("CREATE ROLE ada LOGIN PASSWORD 'hunter2'");
    await admin.query("ALTER SYSTEM SET password_encryption = 'scram-sha-256'");
    const before = await connectionsOf(admin);
    for (const options of [
      { user: "eve", password: secret },
      { database: "nowhere" },
      { user: "ada", schema: "none" },
    ]) {
      const { error, ms } = await timed(() => open(options));
      expect(error).toMatchObject({ code: "SESS_CONFIG" });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|INSERT|SELECT/);
      expect(ms).toBeLessThan(bound);
    }
    await expect.poll(() => connectionsOf(admin)).toBe(before);
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
    expect(crowd.filter(({ error }) => /too many/.test(inspect(error))).length).toBeGreaterThan(0);
    await server.resume();
    await vi.waitFor(async () => expect(await store.read(key)).toMatchObject({ version: record.version }), 10_000);
    expect((await timed(() => store.close())).ms).toBeLessThan(bound);
  });

  test("connections that were lost are replaced, those of the caller's pool too", async () => {
    const pool = new Pool({ connectionString: server.url });
    pool.on("error", () => {});
    for (const store of [await open(), await postgres({ pool, timeout }).connect(clock)]) {
      const { key, record } = await seeded(store);
      const warm = () => Promise.all(Array.from({ length: 10 }, () => store.read(key)));
      await warm();
      await server.kill();
      for (const operation of operationsOn(store, key, record)) {
        const { error, ms } = await timed(operation);
        expect(error).toMatchObject(unavailable);
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(new RegExp(`${key}|ada`));
        expect(ms).toBeLessThan(bound);
      }
      await server.restart();
      expect((await warm()).map((found) => found?.version)).toEqual(new Array(10).fill(record.version));
      await store.close();
    }
    await pool.end();
  });

  test("a pool in which every connection is dead: no read is lost, and one write at the most is unknown", async () => {
    const proxy = new TcpProxy(server.port);
    const store = await open({ host: "127.0.0.1", port: await proxy.listen(), poolSize: 4, timeout: 5000 });
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

  test("a server that became read-only: writes are SESS_UNAVAILABLE, reads go on, all goes on afterwards", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await admin.query("ALTER SYSTEM SET default_transaction_read_only = on");
    await admin.query("SELECT pg_reload_conf(), pg_sleep(0.2)");
    const { error } = await timed(() => store.update(key, newRecord(clock.now()), record.version));
    expect(error).toMatchObject({ ...unavailable, message: "postgres: the server is read-only" });
    expect(await store.read(key)).toEqual(record);
    await admin.query("ALTER SYSTEM RESET default_transaction_read_only");
    await admin.query("SELECT pg_reload_conf(), pg_sleep(0.2)");
    expect(await store.touch(key, 0, record.version)).toBe(true);
    await store.close();
  });
});
