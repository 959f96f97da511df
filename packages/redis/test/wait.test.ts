import { createManager, type Provider } from "@sess/core";
import { conformance } from "@sess/core/conformance";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RedisOptions } from "../src/options.js";
import { redis } from "../src/provider.js";
import { decodeRecord } from "../src/record.js";
import { type Pair, startPair } from "./replicas.js";
import { Clock, describeWithServer, newKey, newRecord, patient } from "./support.js";

const commandTimeout = 400;
/** What a bound of `commandTimeout` may take on a busy machine, in milliseconds. */
const bound = commandTimeout + 1500;
const unavailable = { code: "SESS_UNAVAILABLE" };
const serverClock = "redis removes what has expired by TTLs of its own clock";

describeWithServer("wait: 1", () => {
  let pair: Pair;
  let admin: Redis;
  let replica: Redis;
  let six: Redis;
  let five: Redis5;
  const clock = new Clock();
  beforeAll(async () => {
    pair = await startPair();
    admin = new Redis(pair.master.url);
    replica = new Redis(pair.replica.url);
    six = new Redis(pair.master.url, { keyPrefix: "app:" });
    five = new Redis5(pair.master.url, { enableAutoPipelining: true });
  }, 150_000);
  afterAll(async () => {
    for (const client of [admin, replica, six, five]) client.disconnect();
    await pair.stop();
  });
  beforeEach(() => pair.replica.resume());

  const open = (options: RedisOptions = {}) =>
    redis({ url: pair.master.url, wait: 1, commandTimeout, ...options }).connect(clock);
  /** A session that the replica has. */
  const signedIn = async (store: Provider) => {
    const [key, record] = [newKey(), newRecord(clock.now())];
    expect(await store.create(key, record)).toBe(true);
    const marker = newRecord(clock.now(), { retired: "" });
    return { key, record, marker };
  };
  const onReplica = async (key: string) => decodeRecord((await replica.get(`sess:${key}`)) ?? "")?.record.version;

  conformance(test, {
    name: "own connections",
    open: ({ namespace, now }) =>
      redis({ url: pair.master.url, wait: 1, prefix: namespace, commandTimeout: patient }).connect({
        now,
        contract: 1,
      }),
    serverClock,
  });

  for (const [name, client] of Object.entries({
    "ioredis 6 with a keyPrefix": () => six,
    "ioredis 5 with automatic pipelining": () => five,
  })) {
    conformance(test, {
      name,
      open: ({ namespace, now }) =>
        redis({ client: client(), wait: 1, prefix: namespace, commandTimeout: patient }).connect({ now, contract: 1 }),
      serverClock,
    });
  }

  test("what was acknowledged is on the replica", async () => {
    const store = await open();
    const { key, record, marker } = await signedIn(store);
    expect(await onReplica(key)).toBe(record.version);
    expect(await store.update(key, marker, record.version)).toEqual({ written: true });
    expect(await onReplica(key)).toBe(marker.version);
    await store.close();
  });

  test("WAIT follows creations and markers, and nothing else", async () => {
    const store = await open();
    const waits = async (operation: () => Promise<unknown>) => {
      await admin.config("RESETSTAT");
      await operation();
      return Number(/cmdstat_wait:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
    };
    const [key, record, next] = [newKey(), newRecord(clock.now()), newRecord(clock.now())];
    expect(await waits(() => store.create(key, record))).toBe(1);
    expect(await waits(() => store.update(key, next, record.version))).toBe(0);
    expect(await waits(() => store.touch(key, next.expiresAt + 1, next.version))).toBe(0);
    expect(await waits(() => store.read(key))).toBe(0);
    expect(await waits(() => store.update(key, newRecord(clock.now(), { retired: "" }), next.version))).toBe(1);
    await store.close();
  });

  test("scripts that the server has forgotten are sent again", async () => {
    const store = await open();
    await admin.script("FLUSH");
    const { key, record, marker } = await signedIn(store);
    await admin.script("FLUSH");
    expect(await store.update(key, marker, record.version)).toEqual({ written: true });
    await store.close();
  });

  describe("while the replica hangs", () => {
    test("a logout and a new session reject in time; sessions are loaded and saved as ever", async () => {
      const store = await open();
      const { key, record, marker } = await signedIn(store);
      const other = await signedIn(store);
      pair.replica.pause();
      const begun = performance.now();
      const waiting = [store.update(key, marker, record.version), store.create(newKey(), newRecord(clock.now()))];
      const refusals = Promise.all(waiting.map((each) => expect(each).rejects.toMatchObject(unavailable)));
      const next = newRecord(clock.now());
      expect(await store.read(other.key)).toBeDefined();
      expect(await store.update(other.key, next, other.record.version)).toEqual({ written: true });
      expect(await store.touch(other.key, next.expiresAt + 1, next.version)).toBe(true);
      expect(performance.now() - begun).toBeLessThan(commandTimeout / 2);
      await refusals;
      expect(performance.now() - begun).toBeLessThan(bound);
      await store.close();
    });

    test("a write that is sent again is not acknowledged before the replica has it", async () => {
      const [store, elsewhere] = [await open(), await open()];
      const { key, record, marker } = await signedIn(store);
      pair.replica.pause();
      const again = (by: Provider) => by.update(key, marker, record.version);
      await expect(again(store)).rejects.toMatchObject(unavailable);
      // It is on the master, where all of these are refused by it.
      expect(await store.read(key)).toEqual(marker);
      await expect(again(store)).rejects.toMatchObject(unavailable);
      await expect(again(elsewhere)).rejects.toMatchObject(unavailable);
      const another = newRecord(clock.now(), { retired: "" });
      await expect(elsewhere.update(key, another, record.version)).rejects.toMatchObject(unavailable);
      await expect(elsewhere.create(key, another)).rejects.toMatchObject(unavailable);
      pair.replica.resume();
      expect(await again(elsewhere)).toEqual({ written: false, current: marker });
      expect(await onReplica(key)).toBe(marker.version);
      await store.close();
      await elsewhere.close();
    });

    test.each([
      ["our own", () => open({ commandTimeout: 5000 })],
      ["ioredis 6", () => redis({ client: six, wait: 1, commandTimeout: 5000, prefix: "sess:" }).connect(clock)],
      ["ioredis 5", () => redis({ client: five, wait: 1, commandTimeout: 5000 }).connect(clock)],
    ])("a connection lost while it waits is no acknowledgement: %s", async (_name, connect) => {
      const store = await connect();
      const { key, record, marker } = await signedIn(store);
      pair.replica.pause();
      let acknowledged = false;
      const logout = store.update(key, marker, record.version).then(
        () => {
          acknowledged = true;
        },
        () => {},
      );
      await blocked(admin);
      await admin.call("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES");
      // The new connection has written nothing: a WAIT that was sent again on it would count the replica at once, and
      // before the write that follows.
      await reconnected(store, key);
      const second = store.update(key, marker, record.version).catch(() => {});
      await blocked(admin);
      expect(acknowledged).toBe(false);
      pair.replica.resume();
      await Promise.all([logout, second]);
      await store.close();
    });

    test("destroy() of a Manager rejects, again and again, and succeeds when the replica is back", async () => {
      const manager = await createManager(redis({ url: pair.master.url, wait: 1, commandTimeout }));
      const sign = await manager.handle(new Request("http://localhost/"), async (session) => {
        session.set("user", "ada");
        return new Response();
      });
      const id = /sessionid=([^;]+)/.exec(sign.headers.getSetCookie()[0] ?? "")?.[1] ?? "";
      const session = await manager.load(id);
      pair.replica.pause();
      const begun = performance.now();
      await expect(session?.destroy()).rejects.toMatchObject(unavailable);
      // Core sends a write of unknown outcome again, five times at most.
      expect(performance.now() - begun).toBeLessThan(5 * commandTimeout + 1500);
      await expect(session?.destroy()).rejects.toMatchObject(unavailable);
      pair.replica.resume();
      await session?.destroy();
      expect(await manager.exists(id)).toBe(false);
      await manager.close();
    });
  });
});

/** Resolves when the server holds a client up. */
async function blocked(admin: Redis): Promise<void> {
  while (!/blocked_clients:[1-9]/.test(await admin.info("clients"))) await new Promise((go) => setTimeout(go, 5));
}

/** Resolves when both connections of a store work again. */
async function reconnected(store: Provider, key: string): Promise<void> {
  for (;;) {
    try {
      await store.read(key);
      return;
    } catch {
      // Not yet.
    }
  }
}
