import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import Koa, { type Context, type Middleware } from "koa";
import { Strategy } from "passport-local";
import { afterEach, describe, expect, test } from "vitest";
import { cookie } from "../../../cookie/src/provider.js";
import { session } from "../../src/koa-session/index.js";
import { createManager } from "../../src/manager/create-manager.js";
import type { Manager } from "../../src/manager/manager.js";
import { memory } from "../../src/memory/memory.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Browser } from "../../test-support/express-session/express-sites.js";
import { closeServers, listen } from "../../test-support/test-client.js";

// Packages that nobody here wrote, which live on `ctx.session` of koa-session. They have no types of their own.
const require = createRequire(import.meta.url);
interface Passport {
  use(strategy: Strategy): void;
  serializeUser(serialize: (user: { name: string }, done: (error: null, name: string) => void) => void): void;
  deserializeUser(deserialize: (name: string, done: (error: null, user: object) => void) => void): void;
  initialize(): Middleware;
  session(): Middleware;
  authenticate(name: string, options: object): Middleware;
}
const { KoaPassport }: { KoaPassport: new () => Passport } = require("koa-passport");
const CSRF: new (options?: object) => Middleware = require("koa-csrf");

const managers: Manager<SessionData>[] = [];
afterEach(async () => {
  await closeServers();
  for (const manager of managers.splice(0)) await manager.close();
});

const connectors = {
  memory: () => createManager(memory(), { cookieName: "sid" }),
  cookie: () => createManager(cookie({ keys: [randomBytes(32)] }), { cookieName: "sid" }),
} as const;
type Kind = keyof typeof connectors;

async function site(kind: Kind, use: (app: Koa) => void): Promise<Browser> {
  const sessions = await connectors[kind]();
  managers.push(sessions);
  const app = new Koa();
  app.silent = true;
  app.use(session({ sessions }));
  use(app);
  return new Browser(await listen(createServer(app.callback())));
}

function signedIn(app: Koa): void {
  const passport = new KoaPassport();
  passport.use(
    new Strategy((name, password, done) => {
      if (password === "lovelace") done(null, { name });
      else done(null, false, { message: "Wrong" });
    }),
  );
  passport.serializeUser((user, done) => done(null, user.name));
  passport.deserializeUser((name, done) => done(null, { name }));
  app.use(passport.initialize());
  app.use(passport.session());
  const signIn = passport.authenticate("local", { successRedirect: "/", failureRedirect: "/", failureMessage: true });
  app.use(async (ctx: Context, next) => {
    if (ctx.path === "/in") return signIn(ctx as never, next);
    if (ctx.path === "/out") {
      await ctx.logout();
      return ctx.redirect("/");
    }
    if (ctx.path === "/visit") Object.assign(ctx.session, { basket: ["bread"] });
    const { basket, messages, externalKey } = ctx.session as unknown as Record<string, unknown>;
    ctx.body = { user: ctx.state.user?.name, basket, messages, id: externalKey };
  });
}

// passport-local looks into the query where there is no body.
const signIn = (ada: Browser, password = "lovelace") =>
  ada.ask(`/in?${new URLSearchParams({ username: "ada", password })}`, { method: "POST" });

describe.each(["memory", "cookie"] as const)("over %s", (kind) => {
  test("koa-passport: sign in, be known, sign out; another id each time, and the properties stay", async () => {
    const ada = await site(kind, signedIn);
    const visitor = (await ada.json("/visit")) as { id: string };
    const planted = ada.cookie;
    expect((await signIn(ada)).status).toBe(302);
    const known = (await ada.json("/")) as { id: string };
    expect(known).toMatchObject({ user: "ada", basket: ["bread"] });
    expect(known.id).not.toBe(visitor.id);
    expect(ada.cookie).not.toBe(planted);

    expect((await ada.ask("/out", { method: "POST" })).status).toBe(302);
    const stranger = (await ada.json("/")) as { id: string };
    expect(stranger).not.toHaveProperty("user");
    expect(stranger.id).not.toBe(known.id);
  });

  test("koa-passport: a failed sign-in leaves its message in the session", async () => {
    const ada = await site(kind, signedIn);
    expect((await signIn(ada, "wrong")).status).toBe(302);
    expect(await ada.json("/")).toMatchObject({ messages: ["Wrong"] });
    expect(await ada.json("/")).not.toHaveProperty("user");
  });

  test("koa-csrf", async () => {
    const ada = await site(kind, (app) => {
      app.use((ctx, next) => {
        Object.assign(ctx.request, { body: {} });
        return next();
      });
      app.use(new CSRF());
      app.use((ctx) => {
        ctx.body = { token: ctx.state._csrf };
      });
    });
    const pay = async (token: string) => {
      const headers = { cookie: ada.cookie, "x-csrf-token": token };
      return (await ada.ask("/pay", { method: "POST", headers })).status;
    };
    const { token } = (await ada.json("/")) as { token: string };
    expect(await pay(token)).toBe(200);
    expect(await pay("forged")).toBe(403);
  });
});
