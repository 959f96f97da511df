import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { createManager } from "@sess/core";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cableOut } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { redis } from "../src/provider.js";
import { freePort, type PrivateRedis, startRedis } from "./server.js";
import { Clock, describeWithServer, newKey, newRecord } from "./support.js";

const commandTimeout = 250;
/** What a bound of `commandTimeout` may take on a busy machine, in milliseconds. */
const bound = commandTimeout + 1500;
const unavailable = { code: "SESS_UNAVAILABLE" };

describeWithServer("a server that is down, hangs or refuses", () => {
  let server: PrivateRedis;
  const clock = new Clock();
  const printed = vi.spyOn(console, "error");
  beforeEach(async () => {
    printed.mockClear();
    server = await startRedis();
  }, 150_000);
  afterEach(async () => {
    await server.stop();
    expect(printed).not.toHaveBeenCalled();
  });
  const open = () => redis({ url: server.url, commandTimeout }).connect(clock);
  const timed = async (operation: () => Promise<unknown>) => {
    const start = performance.now();
    const error = await operation().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return { error, ms: performance.now() - start };
  };

  test("nobody listens", async () => {
    const { error, ms } = await timed(async () => redis({ port: await freePort(), commandTimeout }).connect(clock));
    expect(error).toMatchObject({ ...unavailable, cause: { code: "ECONNREFUSED" } });
    expect(ms).toBeLessThan(bound);
  });

  test("the cause is the connection's failure, not that the client gave up waiting for it", async () => {
    const store = await open();
    const [six, five] = [new Redis(server.url), new Redis5(server.url)];
    for (const client of [six, five]) client.on("error", () => {});
    const theirs = await Promise.all([six, five].map((client) => redis({ client, commandTimeout }).connect(clock)));
    await server.kill();
    for (const each of [store, ...theirs]) {
      await vi.waitFor(
        async () => {
          const { error } = await timed(() => each.read(newKey()));
          expect(error).toMatchObject({ ...unavailable, cause: { code: "ECONNREFUSED" } });
        },
        { timeout: 20_000 },
      );
    }
    await server.restart();
    for (const each of [store, ...theirs]) {
      await vi.waitFor(async () => expect(await each.read(newKey())).toBeUndefined(), { timeout: 20_000 });
      // What was learned of the outage is no cause of anything later.
      server.pause();
      const { error } = await timed(() => each.read(newKey()));
      expect(error).toMatchObject({ ...unavailable, cause: { message: expect.stringMatching(/no answer/) } });
      server.resume();
    }
    for (const client of [six, five]) client.disconnect();
    await store.close();
  });

  test("whoever runs the application is told the connection's failure: in the warning, and in the event", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const reasons: unknown[] = [];
    const listen = (event: unknown) => void reasons.push((event as { error: Error & { cause: unknown } }).error.cause);
    const manager = await createManager(redis({ url: server.url, commandTimeout }));
    const visit = () => manager.handle(new Request("http://shop.test/", { headers }), () => new Response());
    const headers = { cookie: `sessionid=${"a".repeat(43)}` };
    expect((await visit()).status).toBe(200);
    await server.kill();
    await vi.waitFor(async () => {
      warn.mockClear();
      expect((await visit()).status).toBe(503);
      // Node prints a warning's detail.
      expect(warn.mock.calls.flat()).toContainEqual(
        expect.objectContaining({ code: "SESS_UNAVAILABLE", detail: expect.stringContaining("ECONNREFUSED") }),
      );
    }, 20_000);
    subscribe("sess:error", listen);
    expect((await visit()).status).toBe(503);
    unsubscribe("sess:error", listen);
    expect(reasons).toContainEqual(expect.objectContaining({ code: "ECONNREFUSED" }));
    warn.mockRestore();
    await manager.close();
    await server.restart();
  });

  test("a caller's client without a listener to its errors stays without one", async () => {
    const client = new Redis(server.url);
    const store = await redis({ client }).connect(clock);
    expect(client.listenerCount("error")).toBe(0);
    await store.close();
    client.on("error", () => {});
    const watched = await redis({ client }).connect(clock);
    await watched.close();
    expect(client.listenerCount("error")).toBe(1);
    client.disconnect();
  });

  test("somebody accepts and never answers, to a connection of our own and to a caller's", async () => {
    const hole = new TcpProxy(server.port);
    await hole.begin(cableOut);
    const port = await hole.listen();
    const own = await timed(() => redis({ port, commandTimeout }).connect(clock));
    expect(own.error).toMatchObject(unavailable);
    expect(own.ms).toBeLessThan(bound);
    const client = new Redis({ port });
    const theirs = await timed(() => redis({ client, commandTimeout }).connect(clock));
    expect(theirs.error).toMatchObject(unavailable);
    expect(theirs.ms).toBeLessThan(bound);
    client.disconnect();
    await hole.close();
  });

  test("wrong password, no password, no such database", async () => {
    const admin = new Redis(server.url);
    await admin.config("SET", "requirepass", "hunter2");
    const secret = "wrong-secret";
    for (const options of [
      { password: secret },
      {},
      { username: "ada", password: secret },
      { password: "hunter2", db: 99 },
    ]) {
      const { error, ms } = await timed(() => redis({ url: server.url, commandTimeout, ...options }).connect(clock));
      expect(error).toMatchObject({ code: "SESS_CONFIG" });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|wrong-secret/);
      expect(ms).toBeLessThan(bound);
    }
    expect(await admin.client("LIST")).toMatch(/^id=\d+ .*\n$/);
    admin.disconnect();
  });

  test("it hangs: every operation settles in time, and goes on when the server does", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    server.pause();
    for (const operation of operationsOn(store, key, record)) {
      const { error, ms } = await timed(operation);
      expect(error).toMatchObject(unavailable);
      expect(ms).toBeLessThan(bound);
    }
    server.resume();
    await vi.waitFor(async () => expect(await store.read(key)).toEqual(record), { timeout: 5000 });
    await store.close();
  });

  test("it is killed and comes back: typed errors in time, then service, without a restart of ours", async () => {
    const store = await open();
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    await server.kill();
    for (const operation of operationsOn(store, key, record)) {
      const { error, ms } = await timed(operation);
      expect(error).toMatchObject(unavailable);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/[0-9a-f]{32}|ada/);
      expect(ms).toBeLessThan(bound);
    }
    await server.restart();
    // A new key each time: an attempt whose answer came too late may have been carried out.
    const stored = await vi.waitFor(
      async () => {
        const fresh = newKey();
        expect(await store.create(fresh, record)).toBe(true);
        return fresh;
      },
      { timeout: 5000 },
    );
    expect(await store.read(stored)).toEqual(record);
    await store.close();
  });

  test("a database that is refused at a reconnection is an error: nothing goes to database 0", async () => {
    const admin = new Redis(server.url);
    await admin.acl("SETUSER", "ada", "on", ">pw", "~*", "+@all");
    const url = `redis://ada:pw@127.0.0.1:${server.port}/3`;
    const store = await redis({ url, commandTimeout }).connect(clock);
    await admin.acl("SETUSER", "ada", "-select");
    await admin.client("KILL", "USER", "ada");
    const [key, record] = [newKey(), newRecord(clock.now())];
    await expect(store.create(key, record)).rejects.toMatchObject(unavailable);
    expect(await admin.dbsize()).toBe(0);
    await admin.acl("SETUSER", "ada", "+select");
    await vi.waitFor(async () => expect(await store.create(newKey(), record)).toBe(true), { timeout: 5000 });
    expect(await admin.dbsize()).toBe(0);
    admin.disconnect();
    await store.close();
  });

  test("few commands wait for a connection that is down: the rest are refused at once", async () => {
    const store = await open();
    await server.kill();
    await timed(() => store.read(newKey()));
    const reads = Array.from({ length: 1200 }, () => timed(() => store.read(newKey())));
    const outcomes = await Promise.all(reads);
    const refused = outcomes.filter(({ error }) => /too many/.test(String(error)));
    expect(refused.length).toBeGreaterThanOrEqual(200);
    for (const { error } of outcomes) expect(error).toMatchObject(unavailable);
    await store.close();
  });

  test("close is bounded while the server hangs, and while it is down", async () => {
    const [hanging, down] = [await open(), await open()];
    server.pause();
    expect((await timed(() => hanging.close())).ms).toBeLessThan(1000 + 1500);
    await server.kill();
    expect((await timed(() => down.close())).ms).toBeLessThan(1000 + 1500);
  });

  test("out of memory, read-only: typed errors that hold nothing of what was sent", async () => {
    const store = await open();
    const admin = new Redis(server.url);
    const [key, record] = [newKey(), newRecord(clock.now())];
    const refusals: [refuse: () => Promise<unknown>, allow: () => Promise<unknown>][] = [
      [() => admin.config("SET", "maxmemory", "1"), () => admin.config("SET", "maxmemory", "0")],
      [() => admin.replicaof("127.0.0.1", 1), () => admin.replicaof("NO", "ONE")],
    ];
    for (const [refuse, allow] of refusals) {
      await refuse();
      const { error } = await timed(() => store.create(key, record));
      expect(error).toMatchObject(unavailable);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/[0-9a-f]{32}|ada/);
      await allow();
    }
    await vi.waitFor(async () => expect(await store.create(key, record)).toBe(true), { timeout: 5000 });
    admin.disconnect();
    await store.close();
  });
});

type Store = Awaited<ReturnType<ReturnType<typeof redis>["connect"]>>;

function operationsOn(store: Store, key: string, record: ReturnType<typeof newRecord>): (() => Promise<unknown>)[] {
  return [
    () => store.read(key),
    () => store.create(key, record),
    () => store.update(key, record, record.version),
    () => store.touch(key, record.expiresAt, record.version),
    () => store.count(),
  ];
}
