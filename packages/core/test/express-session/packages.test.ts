import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import flash from "connect-flash";
import cookieParser from "cookie-parser";
import { doubleCsrf } from "csrf-csrf";
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { rateLimit } from "express-rate-limit";
import { Passport } from "passport";
import { Strategy } from "passport-local";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cookie } from "../../../cookie/src/provider.js";
import { redis } from "../../../redis/src/provider.js";
import { canStartRedis, type PrivateRedis, startRedis } from "../../../redis/test/server.js";
import { session } from "../../src/express-session/index.js";
import { createManager } from "../../src/manager/create-manager.js";
import type { Manager } from "../../src/manager/manager.js";
import { memory } from "../../src/memory/memory.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Browser, expresses, serve } from "../../test-support/express-session/express-sites.js";
import { closeServers } from "../../test-support/test-client.js";

// Packages that nobody here wrote, which live on `req.session`: on both Expresses, over each kind of provider.

interface Csrf {
  readonly generateToken: (req: Request) => string;
  readonly csrfSynchronisedProtection: RequestHandler;
}
// Its declarations say what `req.session` is in terms of express-session's own.
const { csrfSync }: { csrfSync: () => Csrf } = createRequire(import.meta.url)("csrf-sync");

const haveRedis = await canStartRedis();
let server: PrivateRedis | undefined;
beforeAll(async () => {
  if (haveRedis) server = await startRedis();
});
const managers: Manager<SessionData>[] = [];
afterEach(async () => {
  await closeServers();
  for (const manager of managers.splice(0)) await manager.close();
});
afterAll(() => server?.stop());

const config = { cookieName: "sid" };
const connectors = {
  memory: () => createManager(memory(), config),
  redis: () => createManager(redis(server?.url), config),
  cookie: () => createManager(cookie({ keys: [randomBytes(32)] }), config),
} as const;
type Kind = keyof typeof connectors;

const people: Record<string, string> = { ada: "lovelace", bob: "ross" };

function signedIn(app: Express): void {
  const passport = new Passport();
  passport.use(
    new Strategy((name, password, done) => {
      if (people[name] === password) done(null, { name });
      else done(null, false, { message: "Wrong name or password" });
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as { name: string }).name));
  passport.deserializeUser((name: string, done) => done(null, { name }));
  app.use(express.urlencoded({ extended: false }) as RequestHandler);
  app.use(flash());
  app.use(passport.session());
  app.get("/", (req, res) => {
    res.json({
      user: (req.user as { name?: string } | undefined)?.name,
      messages: req.flash("error"),
      id: req.sessionID,
    });
  });
  app.get("/visit", (req, res) => {
    Object.assign(req.session, { basket: ["bread"] });
    res.json(req.sessionID);
  });
  app.get("/basket", (req, res) => void res.json(Reflect.get(req.session, "basket") ?? null));
  const options = { successRedirect: "/", failureRedirect: "/", failureFlash: true };
  app.post("/in", passport.authenticate("local", options));
  app.post("/in/keep", passport.authenticate("local", { ...options, keepSessionInfo: true }));
  app.post("/out", (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect("/"))));
}

async function site(kind: Kind, create: () => Express, routes: (app: Express) => void) {
  const sessions = await connectors[kind]();
  managers.push(sessions);
  return { port: await serve(session({ sessions }), routes, create) };
}

const form = (path: string, fields: Record<string, string>) =>
  [`${path}?${new URLSearchParams(fields)}`, { method: "POST" }] as const;
const signIn = (ada: Browser, path = "/in", password = "lovelace") =>
  ada.ask(...form(path, { username: "ada", password }));

describe.each(["memory", "redis", "cookie"] as const)("over %s", (kind) => {
  describe.skipIf(kind === "redis" && !haveRedis).each(expresses)("%s", (_, create) => {
    test("passport: sign in, be known, sign out; another id each time (CVE-2022-25896)", async () => {
      const { port } = await site(kind, create, signedIn);
      const ada = new Browser(port);
      const before = await ada.json("/visit");
      const planted = ada.cookie;
      expect((await signIn(ada)).status).toBe(302);
      const known = (await ada.json("/")) as { user: string; id: string };
      expect(known).toMatchObject({ user: "ada", messages: [] });
      expect(known.id).not.toBe(before);
      // Without keepSessionInfo nothing of the visitor's session comes along.
      expect(await ada.json("/basket")).toBe(null);
      const thief = new Browser(port, planted);
      if (kind === "cookie") {
        expect(await thief.json("/")).not.toHaveProperty("user");
      } else {
        expect(await thief.json("/basket")).toBe(null);
        // req.flash() writes even where there is nothing to show, and a retired id may write nothing.
        expect((await thief.ask("/")).status).toBe(409);
      }

      const signedInWith = ada.cookie;
      expect((await ada.ask("/out", { method: "POST" })).status).toBe(302);
      const stranger = (await ada.json("/")) as { id: string };
      expect(stranger).not.toHaveProperty("user");
      expect(stranger.id).not.toBe(known.id);
      const kept = new Browser(port, signedInWith);
      // A token that was copied before the sign-out opens until it ends: nobody can take it back.
      if (kind === "cookie") expect(await kept.json("/")).toMatchObject({ user: "ada" });
      else expect((await kept.ask("/")).status).toBe(409);
    });

    test("passport with keepSessionInfo: the visitor's session comes along", async () => {
      const { port } = await site(kind, create, signedIn);
      const ada = new Browser(port);
      const before = await ada.json("/visit");
      await signIn(ada, "/in/keep");
      expect(await ada.json("/basket")).toEqual(["bread"]);
      expect(((await ada.json("/")) as { id: string }).id).not.toBe(before);
    });

    test("connect-flash: a failed sign-in says so, once", async () => {
      const { port } = await site(kind, create, signedIn);
      const ada = new Browser(port);
      expect((await signIn(ada, "/in", "wrong")).status).toBe(302);
      expect(await ada.json("/")).toMatchObject({ messages: ["Wrong name or password"] });
      expect(await ada.json("/")).toMatchObject({ messages: [] });
    });

    test("csrf-sync, with express-rate-limit beside it", async () => {
      const { generateToken, csrfSynchronisedProtection } = csrfSync();
      const { port } = await site(kind, create, (app) => {
        app.use(
          rateLimit({ limit: 4, windowMs: 60_000, legacyHeaders: false, standardHeaders: true, validate: false }),
        );
        app.get("/token", (req, res) => void res.json(generateToken(req)));
        app.post("/pay", csrfSynchronisedProtection, (_req, res) => void res.json("paid"));
        app.use((error: { statusCode?: number }, _req: Request, res: Response, _next: NextFunction) => {
          res.status(error.statusCode ?? 500).json("refused");
        });
      });
      const ada = new Browser(port);
      const token = (await ada.json("/token")) as string;
      const paid = await ada.ask("/pay", { method: "POST", headers: { cookie: ada.cookie, "x-csrf-token": token } });
      expect([paid.status, paid.body, paid.headers["ratelimit-remaining"]]).toEqual([200, '"paid"', "2"]);
      const forged = await ada.ask("/pay", {
        method: "POST",
        headers: { cookie: ada.cookie, "x-csrf-token": "forged" },
      });
      expect(forged.status).toBe(403);
      expect(await ada.json("/token")).toBe(token);
      expect((await ada.ask("/token")).status).toBe(429);
    });

    test("csrf-csrf: a visitor of whom something is stored has one id for the form and for its answer", async () => {
      const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
        getSecret: () => "a secret of the form's tokens",
        getSessionIdentifier: (req) => req.session.id,
        cookieName: "csrf",
        cookieOptions: { secure: false, sameSite: "lax" },
        getCsrfTokenFromRequest: (req) => req.headers["x-csrf-token"],
      });
      const { port } = await site(kind, create, (app) => {
        app.use(cookieParser() as RequestHandler);
        app.get("/form", (req, res) => {
          if (req.query.keep) Object.assign(req.session, { visited: true });
          res.json(generateCsrfToken(req, res));
        });
        app.post("/pay", doubleCsrfProtection, (_req, res) => void res.json("paid"));
        app.use((error: { statusCode?: number }, _req: Request, res: Response, _next: NextFunction) => {
          res.status(error.statusCode ?? 500).json("refused");
        });
      });
      const pay = async (path: string) => {
        const ada = new Browser(port);
        const token = (await ada.json(path)) as string;
        return (await ada.ask("/pay", { method: "POST", headers: { cookie: ada.cookie, "x-csrf-token": token } }))
          .status;
      };
      expect(await pay("/form?keep=1")).toBe(200);
      // Of an empty visitor nothing is stored: the next request has another id.
      expect(await pay("/form")).toBe(403);
    });
  });
});
