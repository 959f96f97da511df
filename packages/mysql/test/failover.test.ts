import type { Pool } from "mysql2/promise";
import { createPool } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { forgotten } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { ddl, mysql } from "../src/provider.js";
import { type PrivateMysql, startMysql } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord, statusOf } from "./support.js";

const poolSize = 10;
/** Milliseconds, of which a busy machine takes hundreds to connect. */
const timeout = 2000;

describeWithServer("another server behind the address", () => {
  let first: PrivateMysql;
  let second: PrivateMysql;
  let admins: readonly Pool[];
  let proxy: TcpProxy;
  let dsn: string;
  const clock = new Clock();
  beforeAll(async () => {
    [first, second] = await Promise.all([startMysql(), startMysql()]);
    admins = [adminPool(first.url), adminPool(second.url)];
    for (const admin of admins) {
      await admin.query("CREATE USER 'ada'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE ON sess.* TO 'ada'@'%'");
      await admin.query(ddl());
    }
  }, 150_000);
  afterAll(async () => {
    await Promise.all(admins.map((admin) => admin.end()));
    await Promise.all([first.stop(), second.stop()]);
  }, 60_000);
  beforeEach(async () => {
    proxy = new TcpProxy(first.port);
    dsn = `mysql://ada@127.0.0.1:${await proxy.listen()}/sess`;
  });
  afterEach(async () => {
    await admins[0]?.query("SET GLOBAL read_only = 0");
    await proxy.close();
  });

  describe.each(["our own", "the caller's"])("with a pool of %s", (whose) => {
    let pool: Pool | undefined;
    const open = () => {
      pool = whose === "our own" ? undefined : createPool({ uri: dsn, connectionLimit: poolSize });
      return mysql(pool ? { pool, timeout } : { dsn, poolSize, timeout }).connect(clock);
    };
    afterEach(() => pool?.end());
    /** A record that is on the second server, and not on the first; and every connection of the pool is in use. */
    const prepared = async () => {
      const store = await open();
      const [key, record] = [newKey(), newRecord(clock.now())];
      const there = await mysql({ dsn: second.url }).connect(clock);
      await there.create(key, record);
      await there.close();
      await Promise.all(Array.from({ length: 4 * poolSize }, () => store.read(key)));
      expect(proxy.wires.size).toBe(poolSize);
      expect(await store.read(key)).toBeUndefined();
      return { store, key, record };
    };

    test("a machine that lost its power costs one statement's time, not one for each connection", async () => {
      const { store, key, record } = await prepared();
      proxy.target = second.port;
      await proxy.begin(forgotten);
      await expect(store.read(key)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      for (let reads = 0; reads < poolSize; reads++) expect(await store.read(key)).toEqual(record);
      await store.close();
    });

    test("statements of all connections that were under way fail together, and then it works", async () => {
      const { store, key, record } = await prepared();
      proxy.target = second.port;
      await proxy.begin(forgotten);
      const lost = await Promise.allSettled(Array.from({ length: poolSize }, () => store.read(key)));
      expect(lost.every(({ status }) => status === "rejected")).toBe(true);
      const reads = Array.from({ length: 4 * poolSize }, () => store.read(key));
      expect(await Promise.all(reads)).toEqual(reads.map(() => record));
      await store.close();
    });

    test("a primary that was made a replica, and lives on: no connection to it is used once a write was refused", async () => {
      const { store, key, record } = await prepared();
      await admins[0]?.query("SET GLOBAL read_only = 1");
      proxy.target = second.port;
      // Until then nobody can know; the connections are well.
      expect(await store.read(key)).toBeUndefined();
      await expect(store.create(newKey(), record)).rejects.toMatchObject({
        code: "SESS_UNAVAILABLE",
        message: "mysql: the server is read-only",
        cause: { errno: 1290 },
      });
      const reads = Array.from({ length: 4 * poolSize }, () => store.read(key));
      expect(await Promise.all(reads)).toEqual(reads.map(() => record));
      expect(await store.create(newKey(), record)).toBe(true);
      await store.close();
    });
  });

  test("a pool that leads to a replica is used as it is given: nothing goes anywhere else, and no write is let through", async () => {
    await admins[0]?.query("SET GLOBAL read_only = 1");
    const [replica, primary] = [createPool({ uri: dsn }), admins[1]];
    const connections = () => (primary ? statusOf(primary, "Connections") : 0);
    const before = await connections();
    const store = await mysql({ pool: replica, timeout }).connect(clock);
    const record = newRecord(clock.now());
    expect(await store.read(newKey())).toBeUndefined();
    const [create, update] = [() => store.create(newKey(), record), () => store.update(newKey(), record, "v")];
    for (const write of [create, update, () => store.gc()]) {
      await expect(write()).rejects.toMatchObject({ message: "mysql: the server is read-only" });
    }
    expect(await connections()).toBe(before);
    await store.close();
    await replica.end();
  });

  test("a slow statement is not held against connections that answer meanwhile", async () => {
    const store = await mysql({ dsn, poolSize: 2, timeout: 700 }).connect(clock);
    const [slow, quick, record] = [newKey(), newKey(), newRecord(clock.now())];
    await store.create(slow, record);
    await Promise.all([store.read(quick), store.read(quick)]);
    const holder = await admins[0]?.getConnection();
    await holder?.query("BEGIN; SELECT 1 FROM sessions WHERE session_key = UNHEX(?) FOR UPDATE", [slow]);
    // Below the server's own limit of a second for locks: it is given up unanswered.
    const update = store.update(slow, newRecord(clock.now()), record.version).catch((error: unknown) => error);
    const reading = (async () => {
      let over = false;
      void update.then(() => {
        over = true;
      });
      while (!over) await store.read(quick);
    })();
    expect(await update).toMatchObject({ code: "SESS_UNAVAILABLE" });
    await reading;
    await store.read(quick);
    await holder?.query("ROLLBACK");
    holder?.release();
    // The one that was given up was not needed any more, the other one was not replaced.
    expect(proxy.connections).toBe(2);
    await store.close();
  });
});
