import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { Manager } from "@sess/core";
import { type OldStore, session } from "@sess/core/express-session";
import express, { type RequestHandler } from "express";
import { ask, listen } from "../../packages/core/test-support/test-client.js";

// The packages that are compared are those of the benchmarks, by require: their types would declare `req.session` here.
const require = createRequire(new URL("../../bench/package.json", import.meta.url));
const expressSession: (options: object) => RequestHandler = require("express-session");

export const secret = "the secret of the old application";

/** A store of express-session, and what ends its connections. */
export interface OpenStore {
  readonly store: OldStore;
  close(): Promise<unknown>;
}

export async function openRedis(url: string, options: object = {}): Promise<OpenStore & { readonly client: Redis }> {
  const { createClient }: { createClient: (options: object) => Redis } = require("redis");
  const { RedisStore }: { RedisStore: new (options: object) => OldStore } = require("connect-redis");
  const client = createClient({ url });
  await client.connect();
  return { store: new RedisStore({ client, ...options }), client, close: async () => client.destroy() };
}

interface Redis {
  connect(): Promise<unknown>;
  destroy(): void;
  set(key: string, value: string): Promise<unknown>;
  keys(pattern: string): Promise<readonly string[]>;
  expire(key: string, seconds: number): Promise<unknown>;
}

export async function openMysql(url: string, options: object = {}): Promise<OpenStore & { readonly pool: Pool }> {
  const { createPool }: { createPool: (url: string) => Pool } = require("mysql2/promise");
  const MySQLStore: new (options: object, pool: Pool) => OldStore & { onReady(): Promise<void> } =
    require("express-mysql-session")(expressSession);
  const pool = createPool(url);
  const store = new MySQLStore({ clearExpired: false, ...options }, pool);
  await store.onReady();
  return { store, pool, close: () => pool.end() };
}

interface Pool {
  query(sql: string): Promise<[readonly Record<string, unknown>[]]>;
  end(): Promise<unknown>;
}

function serve(middleware: RequestHandler): Promise<number> {
  const app = express();
  app.set("env", "test");
  app.use(middleware);
  app.get("/sign-in", (req, res) => {
    Object.assign(req.session, { user: req.query.user, visits: 0 });
    // Some are remembered, some last as long as the store says.
    if (req.query.maxAge) req.session.cookie.maxAge = Number(req.query.maxAge);
    res.end();
  });
  app.get("/visit", (req, res) => {
    const session = req.session as unknown as { user?: string; visits?: number };
    if (session.user !== undefined && req.query.counts) session.visits = (session.visits ?? 0) + 1;
    res.json({ user: session.user, visits: session.visits });
  });
  return listen(createServer(app as RequestListener));
}

/** Before: express-session, prolonging the cookie with each answer. */
export function oldSite(store: OldStore): Promise<number> {
  return serve(expressSession({ store, secret, resave: false, saveUninitialized: false, rolling: true }));
}

/** After: the same pages. */
export function newSite<D extends object>(sessions: Manager<D>, from: OldStore): Promise<number> {
  return serve(session({ sessions, from, secret }) as RequestHandler);
}

export interface Visit {
  readonly user?: string | undefined;
  readonly visits?: number | undefined;
}

/** The cookie of somebody who signed in. */
export async function signIn(port: number, user: string, maxAge?: number): Promise<string> {
  const answer = await ask(port, `/sign-in?user=${user}${maxAge === undefined ? "" : `&maxAge=${maxAge}`}`);
  return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

export async function visit(port: number, cookie: string, counts = false): Promise<Visit> {
  return JSON.parse((await ask(port, `/visit${counts ? "?counts=1" : ""}`, { cookie })).body);
}

/** Does something for each of them, at most 32 at a time; resolves to the results in order. */
export async function each<T, R>(of: readonly T[], act: (one: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = of.entries();
  const work = async () => {
    for (const [index, one] of entries) results[index] = await act(one, index);
  };
  await Promise.all(Array.from({ length: 32 }, work));
  return results;
}
