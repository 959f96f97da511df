import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createManager } from "@sess/core";
import { type OldStore, session } from "@sess/core/express-session";
import { redis } from "@sess/redis/provider";
import express, { type RequestHandler } from "express";

// Loaded by require: the types of these two would declare `req.session` for this whole repository.
const require = createRequire(import.meta.url);
const expressSession: (options: object) => RequestHandler = require("express-session");
const { RedisStore }: { RedisStore: new (options: object) => OldStore } = require("connect-redis");
interface Client {
  quit(): Promise<unknown>;
  keys(pattern: string): Promise<readonly string[]>;
}
const { Redis }: { Redis: new (url: string) => Client } = createRequire(
  new URL("../../packages/redis/package.json", import.meta.url),
)("ioredis");

const secret = "the secret of the old application";

/** One process of an application, as far as sessions go. */
export interface Site {
  readonly port: number;
  /** Answers pending requests, accepts no more, and ends, as a process does on a signal. */
  stop(): Promise<void>;
}

/** The application: written for express-session, and the same before and after. */
async function serve(sessions: RequestHandler, close: () => Promise<unknown>): Promise<Site> {
  const app = express();
  app.use(sessions);
  const fields = (req: express.Request) => req.session as unknown as { user?: string; count?: number };
  app.post("/sign-in", (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(req.session, { user: String(req.query.user), count: 0 });
      res.json(fields(req));
    });
  });
  app.use((req, res, next) => {
    if (fields(req).user === undefined) res.status(401).json("signed out");
    else next();
  });
  app.post("/count", (req, res) => {
    const session = fields(req);
    session.count = (session.count ?? 0) + 1;
    res.json(session);
  });
  app.post("/sign-out", (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.json({})));
  });
  app.get("/me", (req, res) => void res.json(fields(req)));
  const server = createServer(app as RequestListener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, stop: () => stop(server, close) };
}

async function stop(server: Server, close: () => Promise<unknown>): Promise<void> {
  server.close();
  server.closeIdleConnections();
  await once(server, "close");
  await close();
}

/** Before: express-session with connect-redis. */
export function oldSite(url: string): Promise<Site> {
  const client = new Redis(url);
  const store = new RedisStore({ client });
  const sessions = expressSession({ store, secret, resave: false, saveUninitialized: false });
  return serve(sessions, () => client.quit());
}

/** After: the same lines, except for the one that makes the sessions. */
export async function newSite(url: string): Promise<Site> {
  const client = new Redis(url);
  const manager = await createManager(redis({ url, prefix: "new:" }), { cookieName: "sid", maxLifetime: 86_400 });
  const sessions = session({ sessions: manager, from: new RedisStore({ client }), secret });
  const close = () => Promise.all([manager.close(), client.quit()]);
  return serve(sessions as RequestHandler, close);
}

/** How many sessions the old application's store still has. */
export async function leftInOldStore(url: string): Promise<number> {
  const client = new Redis(url);
  const keys = await client.keys("sess:*");
  await client.quit();
  return keys.length;
}
