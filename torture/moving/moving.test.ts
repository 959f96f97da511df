import { type Connector, createManager, type SessionData, type StoreManager } from "@sess/core";
import type { OldStore } from "@sess/core/express-session";
import { mysql } from "@sess/mysql/provider";
import { redis } from "@sess/redis/provider";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { closeServers } from "../../packages/core/test-support/test-client.js";
import * as mariadb from "../../packages/mysql/test/server.js";
import * as redisServer from "../../packages/redis/test/server.js";
import { Script } from "./script.js";
import { each, newSite, type OpenStore, oldSite, openMysql, openRedis, signIn, type Visit, visit } from "./sites.js";

// The script of "Emptying the old store" over records that the real packages wrote, while visitors come. The long form:
// SESS_MOVING=10000 npx vitest run --config vitest.workspace.ts torture/moving

const users = Number(process.env.SESS_MOVING ?? 300);
const timeout = 60_000 + users * 60;
const day = 86_400_000;

/** An old store with its servers, and where its sessions move. */
interface Place {
  readonly old: OpenStore;
  readonly connector: Connector;
  readonly script: Script;
  readonly env: Record<string, string>;
  /** Writes a record as it is; `data` need not be JSON. */
  write(id: string, data: string, expires?: "expired"): Promise<unknown>;
  /** Lets the sessions of these ids end in an hour, unless they are used. */
  shorten(ids: readonly string[]): Promise<unknown>;
  /** The ids that the old store has. */
  ids(): Promise<readonly string[]>;
}

const places: Readonly<Record<string, () => Promise<Place | undefined>>> = {
  "connect-redis to @sess/redis": async () => {
    if (!(await redisServer.canStartRedis())) return undefined;
    const [before, after] = [await redisServer.startRedis(), await redisServer.startRedis()];
    const prefix = "myapp:";
    const old = await openRedis(before.url, { prefix });
    onTestFinished(async () => {
      await old.close();
      await Promise.all([before.stop(), after.stop()]);
    });
    const manager = {
      imports: 'import { redis } from "@sess/redis/provider";',
      create: `redis(${JSON.stringify(after.url)}), { cookieName: "sid", maxLifetime: 86400 }`,
    };
    // As the reader who had options adds them.
    const adapt = (text: string) => text.replace("({ client })", '({ client, prefix: "myapp:" })');
    return {
      old,
      connector: redis(after.url),
      script: await Script.write("connect-redis", manager, adapt),
      env: { OLD_REDIS_URL: before.url },
      write: (id, data) => old.client.set(prefix + id, data),
      shorten: (ids) => each(ids, (id) => old.client.expire(prefix + id, 3600)),
      ids: async () => (await old.client.keys("*")).map((key) => key.slice(prefix.length)),
    };
  },
  "express-mysql-session to @sess/mysql": async () => {
    if (!(await mariadb.canStartMysql())) return undefined;
    const server = await mariadb.startMysql();
    const schema = { tableName: "visits", columnNames: { session_id: "sid", expires: "until", data: "what" } };
    const old = await openMysql(server.url, { schema });
    onTestFinished(async () => {
      await old.close();
      await server.stop();
    });
    const manager = {
      imports: 'import { mysql } from "@sess/mysql/provider";',
      create: `mysql(${JSON.stringify(server.url)}), { cookieName: "sid", maxLifetime: 86400 }`,
    };
    const adapt = (text: string) => text.replace("({ create", `({ schema: ${JSON.stringify(schema)}, create`);
    const seconds = (ms: number) => Math.round((Date.now() + ms) / 1000);
    return {
      old,
      connector: mysql(server.url),
      script: await Script.write("express-mysql-session", manager, adapt),
      env: { OLD_MYSQL_URL: server.url },
      write: (id, data, expires) =>
        old.pool.query(
          `INSERT INTO visits VALUES ('${id}', ${seconds(expires === undefined ? day : -60_000)}, '${data}')`,
        ),
      shorten: (ids) =>
        old.pool.query(
          `UPDATE visits SET until = ${seconds(day / 24)} WHERE sid IN (${ids.map((id) => `'${id}'`).join()})`,
        ),
      ids: async () => (await old.pool.query("SELECT sid FROM visits"))[0].map(({ sid }) => String(sid)),
    };
  },
};

const nothing: OldStore = { get: (_id, callback) => callback(null), destroy: (_id, callback) => callback?.(null) };

/** What stands in the cookie before the signature. */
const idOf = (cookie: string) => /=s%3A([^.]*)\./.exec(cookie)?.[1] ?? "";

async function open(connector: Connector, now?: () => number): Promise<StoreManager<SessionData>> {
  const config = { cookieName: "sid", maxLifetime: 86_400, ...(now && { now }) };
  const manager = (await createManager(connector, config)) as StoreManager<SessionData>;
  onTestFinished(() => manager.close());
  return manager;
}

afterAll(closeServers);

describe.each(Object.keys(places))("%s", (name) => {
  test(`${users} sessions are moved while visitors come, and nobody is signed out`, { timeout }, async (context) => {
    const place = await places[name]?.();
    if (place === undefined) {
      expect(process.env.CI).toBe(undefined);
      return context.skip("no server");
    }
    onTestFinished(() => place.script.remove());
    const before = await oldSite(place.old.store);
    const names = Array.from({ length: users }, (_, index) => `user-${index}`);
    const cookies = await each(names, (user, index) => signIn(before, user, index % 3 === 0 ? 3 * day : undefined));
    const unseen = cookies.filter((_, index) => index % 10 === 1);
    await place.shorten(unseen.map(idOf));
    await place.write("not-json", "{");
    await place.write("empty", '{"cookie":{}}');
    await place.write("foreign", '{"user":"nobody"}');
    await place.write("too-large", JSON.stringify({ cookie: {}, text: "x".repeat(2 ** 20) }));

    const sessions = await open(place.connector);
    const during = await newSite(sessions, place.old.store);
    let moving = true;
    const run = place.script.run(place.env).finally(() => {
      moving = false;
    });
    while (moving && (await sessions.count()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    // Every fifth comes meanwhile, in any order, and changes something; once more, when it is a session of ours.
    const visitors = names.map((_, index) => index).filter((index) => index % 5 === 0);
    const visits = new Map<number, number>();
    for (const _ of ["first", "second"]) {
      await each(
        visitors.sort(() => Math.random() - 0.5),
        async (index) => {
          expect((await visit(during, cookies[index] ?? "", true)).user).toBe(names[index]);
          visits.set(index, (visits.get(index) ?? 0) + 1);
        },
      );
    }
    const first = await run;
    console.log(
      `${name}: ${JSON.stringify(first.counts)} in ${first.seconds.toFixed(1)} s, ${visits.size} came meanwhile`,
    );
    expect(first.counts.failed).toBe(2);
    expect(first.counts.taken).toBeGreaterThanOrEqual(users - visits.size);
    expect(first.counts.taken).toBeLessThanOrEqual(users);
    expect(first.failures.trim().split("\n").sort()).toEqual([
      expect.stringMatching(/^[0-9a-f]{64} SESS_(UNAVAILABLE|TOO_LARGE)$/),
      expect.stringMatching(/^[0-9a-f]{64} SESS_(UNAVAILABLE|TOO_LARGE)$/),
    ]);

    const again = await place.script.run(place.env);
    expect(again.counts).toMatchObject({ taken: 0, there: 0, failed: 2 });
    expect([...(await place.ids())].sort()).toEqual(["empty", "foreign", "not-json", "too-large"]);
    expect(await sessions.count()).toBe(users);
    expect(await (await open(place.connector, () => Date.now() + day / 12)).count()).toBe(users - unseen.length);

    // The old store is gone; everybody comes with the old cookie.
    const after = await newSite(await open(place.connector), nothing);
    const seen = await each(cookies, (cookie) => visit(after, cookie));
    const wrong = seen.filter((each, index) => !isRight(each, { user: names[index], visits: visits.get(index) ?? 0 }));
    console.log(`${name}: ${seen.length} old cookies answered, ${wrong.length} wrong`);
    expect(wrong).toEqual([]);
  });

  test("a session that was prolonged and not written since is alive, as it was", { timeout }, async (context) => {
    const place = await places[name]?.();
    if (place === undefined) return context.skip("no server");
    onTestFinished(() => place.script.remove());
    const before = await oldSite(place.old.store);
    const after = await newSite(await open(place.connector), place.old.store);
    // Long enough for a busy machine to come again in time.
    const maxAge = 6000;
    const cookie = await signIn(before, "ada", maxAge);
    const written = Date.now();
    while (Date.now() < written + maxAge + 500) {
      expect((await visit(before, cookie)).user).toBe("ada");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect((await visit(after, cookie)).user).toBe("ada");
  });
});

function isRight(seen: Visit, should: Visit): boolean {
  return seen.user === should.user && seen.visits === should.visits;
}
