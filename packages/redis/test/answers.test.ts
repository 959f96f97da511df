import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { forgotten } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { redis } from "../src/provider.js";
import { encodeRecord } from "../src/record.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { all, Clock, describeWithServer, newKey, newRecord } from "./support.js";

describeWithServer("answers that are lost or belong to somebody else", () => {
  let server: PrivateRedis;
  let proxy: TcpProxy;
  let port: number;
  const clock = new Clock();
  beforeAll(async () => {
    server = await startRedis();
  }, 150_000);
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = new TcpProxy(server.port);
    port = await proxy.listen();
  });
  afterEach(() => proxy.close());

  test("an update whose answer is lost is sent again, and applied once", async () => {
    const store = await redis({ port }).connect(clock);
    const [key, first, second] = [newKey(), newRecord(clock.now()), newRecord(clock.now(), { data: "2" })];
    await store.create(key, first);
    // So that the answer that is lost is the script's and not NOSCRIPT.
    await store.update(key, second, "");
    const lost = proxy.loseNextAnswer();
    const update = store.update(key, second, first.version);
    await lost;
    // The refusal shows the caller's own version: that is how core knows that it was written.
    expect(await update).toEqual({ written: false, current: second });
    expect(proxy.connections).toBe(2);
    await store.close();
  });

  test("a create whose answer is lost is sent again, and nothing is overwritten", async () => {
    const store = await redis({ port }).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(newKey(), record);
    const lost = proxy.loseNextAnswer();
    const created = store.create(key, record);
    await lost;
    expect(await created).toBe(false);
    expect(await store.read(key)).toEqual(record);
    await store.close();
  });

  test("an update that is sent again after a logout does not bring the session back", async () => {
    const [store, other] = await Promise.all([port, server.port].map((at) => redis({ port: at }).connect(clock)));
    const [key, first] = [newKey(), newRecord(clock.now())];
    const marker = newRecord(clock.now(), { retired: "" });
    await other?.create(key, first);
    await store?.update(key, first, "");
    const gone = proxy.loseNextAnswer().then(() => other?.update(key, marker, second.version));
    const second = newRecord(clock.now());
    const late = await store?.update(key, second, first.version);
    await gone;
    expect(late?.written).toBe(false);
    expect(await other?.read(key)).toEqual(marker);
    await Promise.all([store?.close(), other?.close()]);
  });

  test("a client that does not resend never settles (ioredis #2193): the deadline does", async () => {
    const client = new Redis({ port, autoResendUnfulfilledCommands: false });
    const store = await redis({ client, commandTimeout: 300 }).connect(clock);
    const lost = proxy.loseNextAnswer();
    const read = store.read(newKey());
    await lost;
    await expect(read).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await store.read(newKey())).toBeUndefined();
    client.disconnect();
  });

  test("a connection on which nothing arrives any longer is replaced by another", async () => {
    const store = await redis({ port, commandTimeout: 300 }).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    await proxy.begin(forgotten);
    await expect(store.read(key)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    await vi.waitFor(async () => expect(await store.read(key)).toEqual(record), { timeout: 5000 });
    expect(proxy.connections).toBe(2);
    await store.close();
  });

  test("after a failover behind one address the connection leaves what has become a replica", async () => {
    const next = await startRedis();
    const store = await redis({ port }).connect(clock);
    const admin = new Redis(server.port);
    await admin.replicaof("127.0.0.1", next.port);
    proxy.target = next.port;
    const [key, record] = [newKey(), newRecord(clock.now())];
    await expect(store.create(key, record)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await store.create(key, record)).toBe(true);
    await admin.replicaof("NO", "ONE");
    admin.disconnect();
    await Promise.all([store.close(), next.stop()]);
  });

  // The answers on a connection had shifted by one, and each user got the session of the one before.
  test("CVE-2023-28858 (redis-py): another user's record is an error, the connection is dropped, nobody is logged out", async () => {
    const store = await redis({ port }).connect(clock);
    const [key, other] = [newKey(), newKey()];
    const [mine, theirs] = [newRecord(clock.now()), newRecord(clock.now(), { data: "another user's" })];
    await store.create(key, mine);
    const stray = encodeRecord(other, theirs, 0);
    void proxy.replaceNextAnswer(`$${stray.length}\r\n${stray}\r\n`);
    await expect(store.read(key)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await store.read(key)).toEqual(mine);
    expect(proxy.connections).toBe(2);
    await store.close();
  });

  describe.each(["own", "caller's"])("an answer to GET that GET never gives, on the %s connection", (whose) => {
    const [otherKey, theirs] = [newKey(), newRecord(clock.now())];
    const shifted = encodeRecord(otherKey, theirs, 0);
    test.each([
      ["an integer", ":1\r\n"],
      ["an array", "*2\r\n$1\r\n0\r\n*0\r\n"],
      ["a status", "+OK\r\n"],
      ["another value", "$5\r\nhello\r\n"],
      ["half of another's record", `$100\r\n${shifted.slice(0, 100)}\r\n`],
    ])("is an error, and nobody is signed out: %s", async (_name, stray) => {
      const client = whose === "own" ? undefined : new Redis({ port });
      const store = await redis(client === undefined ? { port } : { client }).connect(clock);
      const [key, mine] = [newKey(), newRecord(clock.now())];
      await store.create(key, mine);
      void proxy.replaceNextAnswer(stray);
      await expect(store.read(key)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      expect(await store.read(key)).toEqual(mine);
      expect(proxy.connections).toBe(client === undefined ? 2 : 1);
      client?.disconnect();
      await store.close();
    });
  });

  test("what somebody else stored under our name still is no session, and no error", async () => {
    const admin = new Redis({ port: server.port });
    const store = await redis({ port }).connect(clock);
    for (const value of ["OK", "hello", encodeRecord(newKey(), newRecord(clock.now()), 0).slice(0, -1)]) {
      const key = newKey();
      await admin.set(`sess:${key}`, value);
      expect(await store.read(key)).toBeUndefined();
    }
    expect(proxy.connections).toBe(1);
    admin.disconnect();
    await store.close();
  });

  test.each([
    ["another owner's", `*3\r\n$64\r\n${"0".repeat(64)}\r\n$1\r\n0\r\n*0\r\n`],
    ["of another kind", "+OK\r\n"],
    ["that of ZSCAN itself", "*2\r\n$1\r\n0\r\n*0\r\n"],
  ])("a list of sessions that is %s is an error: else signing out everywhere would miss them", async (_name, stray) => {
    const store = await redis({ port }).connect(clock);
    const [key, owner] = [newKey(), newKey()];
    await store.create(key, newRecord(clock.now(), { owner }));
    expect(await all(store.keysOf?.(owner))).toEqual([key]);
    void proxy.replaceNextAnswer(stray);
    await expect(all(store.keysOf?.(owner))).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await all(store.keysOf?.(owner))).toEqual([key]);
    await store.close();
  });

  test.each([
    ["a status", "+OK\r\n"],
    ["an integer", ":7\r\n"],
  ])("%s for an answer to SCAN is an error", async (_name, stray) => {
    const store = await redis({ port }).connect(clock);
    const key = newKey();
    await store.create(key, newRecord(clock.now()));
    void proxy.replaceNextAnswer(stray);
    await expect(all(store.keys?.())).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await all(store.keys?.())).toContain(key);
    await store.close();
  });

  test.each([
    ["another record's", `*2\r\n$64\r\n${"0".repeat(64)}\r\n$1\r\n1\r\n`],
    ["of another kind", "+OK\r\n"],
  ])("an answer to a script that is %s is an error, not a success", async (_name, stray) => {
    const store = await redis({ port }).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    for (const write of [
      () => store.update(key, newRecord(clock.now()), "not its version"),
      () => store.touch(key, record.expiresAt + 1, "not its version"),
      () => store.create(key, record),
    ]) {
      void proxy.replaceNextAnswer(stray);
      await expect(write()).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      expect(await store.read(key)).toEqual(record);
    }
    await store.close();
  });

  test("in a caller's client, too, another's record is an error, and the connection is left to them", async () => {
    const client = new Redis({ port });
    const store = await redis({ client }).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    const stray = encodeRecord(newKey(), record, 0);
    void proxy.replaceNextAnswer(`$${stray.length}\r\n${stray}\r\n`);
    await expect(store.read(key)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(proxy.connections).toBe(1);
    client.disconnect();
  });
});
