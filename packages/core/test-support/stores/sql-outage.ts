import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cableOut, resetWhenUsed } from "../../../../torture/wire/faults.js";
import { TcpProxy } from "../../../../torture/wire/proxy.js";
import type { Provider, SessionRecord } from "../../src/provider.js";
import type { Admin, CommonConfig, SqlServer, SqlSubject } from "./sql.js";
import { all, Clock, newKey, newRecord } from "./support.js";

/** Milliseconds in which each operation has to settle. */
const timeout = 600;
/** What that may take on a busy machine. */
const bound = timeout + 2500;
const unavailable = { code: "SESS_UNAVAILABLE" };
const secret = "hunter2-wrong";

/** What depends on the database. */
export interface OutageSubject extends SqlSubject {
  freePort(): Promise<number>;
  /** What the message of an operation says that found too many waiting. */
  readonly queueIsFull: RegExp;
  /** Prepares a user `ada` who has the password `hunter2`, and may not be more than the user who writes. */
  createAda(admin: Admin): Promise<unknown>;
  /** Configurations that a server refuses, and what the message says. */
  readonly refused: readonly (readonly [config: CommonConfig & { readonly schema?: string }, reason: RegExp])[];
  /** Whom {@link readOnly} concerns. */
  readonly writer: CommonConfig;
  readOnly(admin: Admin, on: boolean): Promise<unknown>;
  /** What the cause of a refusal by a server that is read-only has. */
  readonly readOnlyCause: object;
  /** The message where nobody listens. */
  readonly nobodyListens: string;
}

/** The server of a test, and handles on it. */
export interface OutageStage {
  readonly server: () => SqlServer;
  readonly admin: () => Admin;
  readonly clock: Clock;
  open(config?: CommonConfig): Promise<Provider>;
  seeded(store: Provider): Promise<{ readonly key: string; readonly record: SessionRecord }>;
  /** The error of an operation, or undefined; it has to have settled in time. */
  failure(operation: () => Promise<unknown>): Promise<unknown>;
}

/** Each operation of a provider that goes to the server. */
function operationsOn(store: Provider, key: string, record: SessionRecord) {
  return [
    () => store.read(key),
    ...(store.readMany === undefined ? [] : [async () => store.readMany?.([key, newKey()])]),
    () => store.create(newKey(), record),
    () => store.update(key, record, record.version),
    () => store.touch(key, record.expiresAt + 1, record.version),
    () => store.count(),
    () => store.gc(),
    () => all(store.keys?.()),
    () => all(store.keysOf?.(newKey())),
  ];
}

function outageStage(subject: OutageSubject): OutageStage {
  let server: SqlServer;
  let admin: Admin;
  const clock = new Clock();
  const printed = vi.spyOn(console, "error");
  beforeEach(async () => {
    server = await subject.start();
    admin = subject.admin(server.url);
  }, 150_000);
  afterEach(async () => {
    await admin.end().catch(() => {});
    await server.stop();
    expect(printed).not.toHaveBeenCalled();
  });
  return {
    server: () => server,
    admin: () => admin,
    clock,
    open: (config) => subject.connect(server.url, { timeout, ...config }, clock),
    async seeded(store) {
      const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
      await store.create(key, record);
      return { key, record };
    },
    async failure(operation) {
      const begun = performance.now();
      const error = await operation().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(performance.now() - begun).toBeLessThan(bound);
      return error;
    },
  };
}

/** Registers what every provider over a database does when its server is down, hangs or refuses; gives its stage. */
export function outageTests(subject: OutageSubject): OutageStage {
  const stage = outageStage(subject);
  connectingTests(subject, stage);
  hangingTests(subject, stage);
  losingTests(subject, stage);
  return stage;
}

function connectingTests(subject: OutageSubject, stage: OutageStage): void {
  const { failure, clock, open } = stage;

  test("nobody listens", async () => {
    const at = { host: "127.0.0.1", port: await subject.freePort(), timeout };
    const error = await failure(() => subject.connect(undefined, at, clock));
    expect(error).toMatchObject({ ...unavailable, message: subject.nobodyListens, cause: { code: "ECONNREFUSED" } });
  });

  test("somebody accepts and never answers, to a pool of our own and to a caller's", async () => {
    const hole = new TcpProxy(stage.server().port);
    await hole.begin(cableOut);
    const url = Object.assign(new URL(stage.server().url), { port: `${await hole.listen()}` });
    const callers = subject.callersPool(url.href);
    expect(await failure(() => subject.connect(url.href, { timeout }, clock))).toMatchObject(unavailable);
    const borrowed = { pool: callers.pool, timeout };
    expect(await failure(() => subject.connect(undefined, borrowed, clock))).toMatchObject(unavailable);
    await hole.close();
    await callers.end().catch(() => {});
  });

  test("wrong password, no such user, no such database: SESS_CONFIG, nothing is told, and nothing stays open", async () => {
    await subject.createAda(stage.admin());
    const before = await stage.admin().connections();
    for (const [config, message] of subject.refused) {
      const error = await failure(() => open({ password: secret, ...config }));
      expect(error).toMatchObject({ code: "SESS_CONFIG", message: expect.stringMatching(message) });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|INSERT|SELECT/);
    }
    await expect.poll(() => stage.admin().connections()).toBe(before);
  });
}

function hangingTests(subject: OutageSubject, stage: OutageStage): void {
  const { failure, open, seeded } = stage;

  test("it hangs: every operation settles in time, the queue is bounded, and all goes on when the server does", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await stage.server().pause();
    for (const operation of operationsOn(store, key, record)) {
      expect(await failure(operation)).toMatchObject(unavailable);
    }
    const crowd = await Promise.allSettled(Array.from({ length: 10_050 }, () => store.read(key)));
    const errors = crowd.map((one) => (one.status === "rejected" ? one.reason : undefined));
    expect(errors.every((error) => error?.code === "SESS_UNAVAILABLE")).toBe(true);
    expect(errors.filter((error) => subject.queueIsFull.test(inspect(error))).length).toBeGreaterThan(0);
    await stage.server().resume();
    await vi.waitFor(async () => expect(await store.read(key)).toMatchObject({ version: record.version }), 10_000);
    expect(await failure(() => store.close())).toBeUndefined();
  });

  test("close while it hangs takes a second, and what was under way is rejected", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await stage.server().pause();
    const running = operationsOn(store, key, record).map(failure);
    expect(await failure(() => store.close())).toBeUndefined();
    for (const error of await Promise.all(running)) {
      expect(["SESS_UNAVAILABLE", "SESS_CLOSED"]).toContain((error as { code?: string }).code);
    }
    await stage.server().resume();
  });
}

function losingTests(subject: OutageSubject, stage: OutageStage): void {
  const { failure, open, seeded, clock } = stage;
  const throughProxy = async (config: CommonConfig, body: (store: Provider, proxy: TcpProxy) => Promise<void>) => {
    const proxy = new TcpProxy(stage.server().port);
    const url = Object.assign(new URL(stage.server().url), { port: `${await proxy.listen()}` });
    const store = await subject.connect(url.href, { timeout, ...config }, clock);
    await body(store, proxy);
    await store.close();
    await proxy.close();
  };

  test("express-mysql-session #18 #34 #131: connections that were lost are replaced, those of the caller's pool too", async () => {
    const { pool, end } = subject.callersPool(stage.server().url);
    const stores = [await open(), await subject.connect(undefined, { pool, timeout }, clock)];
    for (const store of stores) {
      const { key, record } = await seeded(store);
      const warm = () => Promise.all(Array.from({ length: 10 }, () => store.read(key)));
      await warm();
      await stage.server().kill();
      for (const operation of operationsOn(store, key, record)) {
        const error = await failure(operation);
        expect(error).toMatchObject(unavailable);
        expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(new RegExp(`${key}|ada`));
      }
      await stage.server().restart();
      expect((await warm()).map((found) => found?.version)).toEqual(new Array(10).fill(record.version));
      expect(await store.update(key, newRecord(clock.now()), record.version)).toEqual({ written: true });
      await store.close();
    }
    await end();
  });

  test("a pool in which every connection is dead: no read is lost, and one write at the most is unknown", () =>
    throughProxy({ poolSize: 4, timeout: 5000 }, async (store, proxy) => {
      const { key, record } = await seeded(store);
      await Promise.all(Array.from({ length: 16 }, () => store.read(key)));
      expect(proxy.connections).toBe(4);
      await proxy.begin(resetWhenUsed);
      expect(await store.read(key)).toEqual(record);
      await Promise.all(Array.from({ length: 16 }, () => store.read(key)));
      await proxy.begin(resetWhenUsed);
      const create = () =>
        store.create(newKey(), record).then(
          () => true,
          () => false,
        );
      let failures = 0;
      while (!(await create())) failures++;
      expect(failures).toBe(1);
    }));

  test("a network that swallows everything: in time, and healed when it is back", () =>
    throughProxy({ poolSize: 2 }, async (store, proxy) => {
      const { key, record } = await seeded(store);
      await proxy.begin(cableOut);
      for (const operation of operationsOn(store, key, record)) {
        expect(await failure(operation)).toMatchObject(unavailable);
      }
      await proxy.lift();
      await vi.waitFor(async () => expect(await store.read(key)).toMatchObject({ version: record.version }), 10_000);
    }));

  test("a server that became read-only: writes are SESS_UNAVAILABLE, reads go on, all goes on afterwards", async () => {
    await subject.createAda(stage.admin());
    const store = await open(subject.writer);
    const { key, record } = await seeded(store);
    await subject.readOnly(stage.admin(), true);
    const error = await failure(() => store.update(key, newRecord(clock.now()), record.version));
    const message = `${subject.name}: the server is read-only`;
    expect(error).toMatchObject({ ...unavailable, message, cause: subject.readOnlyCause });
    expect(await store.read(key)).toEqual(record);
    await subject.readOnly(stage.admin(), false);
    expect(await store.touch(key, 0, record.version)).toBe(true);
    await store.close();
  });
}
