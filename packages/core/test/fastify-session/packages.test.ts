import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import fastify, {
  type FastifyInstance,
  type FastifyPluginCallback,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { Strategy } from "passport-local";
import { afterEach, describe, expect, test } from "vitest";
import { cookie } from "../../../cookie/src/provider.js";
import { session } from "../../src/fastify-session/index.js";
import { createManager } from "../../src/manager/create-manager.js";
import type { Manager } from "../../src/manager/manager.js";
import { memory } from "../../src/memory/memory.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Browser } from "../../test-support/express-session/express-sites.js";
import { closeServers, listen } from "../../test-support/test-client.js";

// Packages that nobody here wrote, which live on `request.session` of @fastify/session. Their declarations say what that
// is in terms of @fastify/secure-session, so they come without.
const require = createRequire(import.meta.url);
const flash: FastifyPluginCallback = require("@fastify/flash");
const csrf: FastifyPluginCallback<Record<string, unknown>> = require("@fastify/csrf-protection");

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
interface Passport {
  use(strategy: Strategy): void;
  registerUserSerializer(serialize: (user: { name: string }) => Promise<string>): void;
  registerUserDeserializer(deserialize: (name: string) => Promise<{ name: string }>): void;
  initialize(): FastifyPluginCallback;
  secureSession(): FastifyPluginCallback;
  authenticate(name: string, options: object): Handler;
}
const { Authenticator }: { Authenticator: new () => Passport } = require("@fastify/passport");

interface Request {
  readonly user?: { readonly name: string };
  readonly session: { basket?: string[]; readonly sessionId: string };
  logout(): Promise<void>;
  flash(type: string, message: string): number;
}
interface Reply {
  flash(type?: string): unknown;
  generateCsrf(): string;
}
const of = (request: FastifyRequest) => request as unknown as Request;
const to = (reply: FastifyReply) => reply as unknown as Reply;

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

async function site(kind: Kind, routes: (app: FastifyInstance) => void): Promise<Browser> {
  const sessions = await connectors[kind]();
  managers.push(sessions);
  const app = fastify();
  app.register(session({ sessions }));
  routes(app);
  await app.ready();
  return new Browser(await listen(app.server));
}

function signedIn(app: FastifyInstance): void {
  const passport = new Authenticator();
  passport.use(
    new Strategy((name, password, done) => {
      if (password === "lovelace") done(null, { name });
      else done(null, false);
    }),
  );
  passport.registerUserSerializer(async (user) => user.name);
  passport.registerUserDeserializer(async (name) => ({ name }));
  app.register(passport.initialize());
  app.register(passport.secureSession());
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.get("/", async (request, reply) => ({
    user: of(request).user?.name,
    messages: to(reply).flash("error"),
    id: of(request).session.sessionId,
  }));
  app.get("/visit", async (request) => {
    of(request).session.basket = ["bread"];
    return of(request).session.sessionId;
  });
  app.get("/basket", async (request) => ({ basket: of(request).session.basket }));
  const redirects = { successRedirect: "/", failureRedirect: "/", failureFlash: { type: "error", message: "Wrong" } };
  // The empty handler is what the package says: it runs although the reply was redirected.
  app.post("/in", { preValidation: passport.authenticate("local", redirects) }, () => {});
  const keeping = passport.authenticate("local", { ...redirects, keepSessionInfo: true });
  app.post("/in/keep", { preValidation: keeping }, () => {});
  app.post("/out", async (request, reply) => {
    await of(request).logout();
    return reply.redirect("/");
  });
}

// passport-local looks into the query where there is no body.
const signIn = (ada: Browser, path = "/in", password = "lovelace") =>
  ada.ask(`${path}?${new URLSearchParams({ username: "ada", password })}`, { method: "POST" });

describe.each(["memory", "cookie"] as const)("over %s", (kind) => {
  test("@fastify/passport: sign in, be known, sign out; another id each time", async () => {
    const ada = await site(kind, signedIn);
    const before = (await ada.ask("/visit")).body;
    const visitor = ada.jar.get("sid");
    expect((await signIn(ada)).status).toBe(302);
    const known = (await ada.json("/")) as { user: string; id: string };
    expect(known).toMatchObject({ user: "ada", messages: [] });
    expect(known.id).not.toBe(before);
    expect(ada.jar.get("sid")).not.toBe(visitor);
    // Without keepSessionInfo nothing of the visitor's session comes along.
    expect(await ada.json("/basket")).toEqual({});

    expect((await ada.ask("/out", { method: "POST" })).status).toBe(302);
    const stranger = (await ada.json("/")) as { id: string };
    expect(stranger).not.toHaveProperty("user");
    expect(stranger.id).not.toBe(known.id);
  });

  test("@fastify/passport with keepSessionInfo: the visitor's session comes along", async () => {
    const ada = await site(kind, signedIn);
    const before = (await ada.ask("/visit")).body;
    await signIn(ada, "/in/keep");
    expect(await ada.json("/basket")).toEqual({ basket: ["bread"] });
    expect(await ada.json("/")).toMatchObject({ user: "ada", id: expect.not.stringMatching(before) });
  });

  test("@fastify/flash: a failed sign-in says so, once", async () => {
    const ada = await site(kind, signedIn);
    expect((await signIn(ada, "/in", "wrong")).status).toBe(302);
    expect(await ada.json("/")).toMatchObject({ messages: ["Wrong"] });
    expect(await ada.json("/")).toMatchObject({ messages: [] });
  });

  test("@fastify/flash by itself", async () => {
    const ada = await site(kind, (app) => {
      app.register(flash);
      app.get("/say", async (request) => of(request).flash("info", "hello"));
      app.get("/", async (_request, reply) => to(reply).flash());
    });
    await ada.ask("/say");
    expect((await ada.ask("/say")).body).toBe("2");
    expect(await ada.json("/")).toEqual({ info: ["hello", "hello"] });
    expect(await ada.json("/")).toEqual({});
  });

  test("@fastify/csrf-protection, whose sessionPlugin is @fastify/session", async () => {
    const ada = await site(kind, (app) => {
      app.register(csrf, { sessionPlugin: "@fastify/session" });
      app.get("/token", async (_request, reply) => ({ token: to(reply).generateCsrf() }));
      app.after(() => {
        const { csrfProtection } = app as unknown as { csrfProtection: FastifyInstance["addHook"] };
        app.post("/pay", { onRequest: csrfProtection as never }, async () => "paid");
      });
    });
    const pay = async (token: string) => {
      const headers = { cookie: ada.cookie, "x-csrf-token": token };
      return (await ada.ask("/pay", { method: "POST", headers })).status;
    };
    expect(await pay("anything")).toBe(403);
    const { token } = (await ada.json("/token")) as { token: string };
    expect(await pay(token)).toBe(200);
    expect(await pay("forged")).toBe(403);
  });
});
