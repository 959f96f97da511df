import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { type SessionOptions, session } from "../../src/express-session/index.js";
import { createManager } from "../../src/manager/create-manager.js";
import { memory } from "../../src/memory/memory.js";
import type { TokenProvider } from "../../src/provider.js";
import { Browser, expressSession, secret, serve } from "../../test-support/express-session/express-sites.js";
import { closeServers } from "../../test-support/test-client.js";

afterEach(closeServers);

const manager = (config?: ManagerConfig) => createManager(memory(), { cookieName: "sid", ...config });

/** What is thrown as the middleware is made, or "accepted". */
async function made(options: object, config?: ManagerConfig): Promise<string> {
  const sessions = await manager(config);
  try {
    session({ sessions, ...options } as SessionOptions);
    return "accepted";
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return code === "SESS_CONFIG" ? message : `${code}: ${message}`;
  }
}

const year = 365 * 86_400_000;
/** Years, in seconds. */
const ten = (10 * year) / 1000;
const from = new expressSession.MemoryStore();

describe("accepted, because it is so here", () => {
  test.each<[string, object, ManagerConfig?]>([
    ["nothing but sessions", {}],
    ["resave", { resave: false }],
    ["rolling", { rolling: false }],
    ["saveUninitialized", { saveUninitialized: false }],
    ["genid, store: undefined", { genid: undefined, store: undefined }],
    ["unset", { unset: "keep" }],
    ["unset", { unset: "destroy" }],
    ["name: the Manager's", { name: "sid" }],
    ["name: express-session's, with from", { name: "connect.sid", from, secret }],
    ["secret, which nothing needs", { secret: "short" }],
    ["secret: several", { from, secret: [Buffer.from(secret), secret] }],
    ["secret: a short one, with a long one behind it", { from, secret: ["short", secret] }],
    ["proxy", { proxy: false }],
    ["proxy", { proxy: true }, { trustProxy: 1 }],
    ["cookie: nothing", { cookie: {} }],
    ["cookie: the Manager's", { cookie: { path: "/", httpOnly: true, sameSite: "lax", secure: "auto", maxAge: null } }],
    ["cookie.maxAge", { cookie: { maxAge: 60_000 } }, { cookieLifetime: 60 }],
    ["cookie.sameSite", { cookie: { sameSite: true, secure: true } }, { sameSite: "strict", secure: true }],
    ["cookie: a function", { cookie: () => ({}) }],
    ["key, which name was called before", { key: "sid" }],
    ["key: express-session's, with from", { key: "old.sid", from, secret }],
    ["cookie.maxAge and expires that say nothing", { cookie: { maxAge: false, expires: false } }],
    ["cookie.expires", { cookie: { expires: null } }],
    ["cookie.maxAge: eleven years", { cookie: { maxAge: 11 * year } }, { cookieLifetime: ten, maxLifetime: ten }],
  ])("%s: %j", async (_, options, config) => {
    expect(await made(options, config)).toBe("accepted");
  });
});

describe("refused as the middleware is made, with what to do instead", () => {
  test.each<[object, RegExp, ManagerConfig?]>([
    [{ resave: true }, /"resave".*changes nothing writes nothing.*Nothing is needed instead/],
    [{ rolling: true }, /"rolling".*overwrite a newer one.*maxLifetime/],
    [{ saveUninitialized: true }, /"saveUninitialized".*once it holds something.*Set a property/],
    [{ genid: () => "1" }, /"genid".*256 bits.*sessionIdPrefix/],
    [{ genid: false }, /"genid"/],
    [{ store: from }, /"store".*pass it as "from"/],
    [{ unset: "forget" }, /"unset" must be "keep" or "destroy"/],
    [{ name: "connect.sid" }, /"name".*cookieName/],
    [{ proxy: true }, /"proxy".*trustProxy to the number of proxies/],
    [{ proxy: false }, /"proxy".*trustProxy to false/, { trustProxy: 1 }],
    [{ from: {}, secret }, /"from" must be a store/],
    [{ from }, /"secret" must be the one/],
    [{ from, secret: [] }, /"secret" must be the one/],
    [{ from, secret: [7] }, /"secret" must be the one/],
    // Whoever replaced it would sign everybody out.
    [
      { from, secret: [secret, "short"] },
      /"secret" must be a list that ends in at least 16 bytes: append one, and replace/,
    ],
    [{ from, secret: "short" }, /append one, and replace none/],
    [{ cookie: 7 }, /"cookie" must be an object or a function/],
    [{ cookie: { path: "/app" } }, /"cookie.path".*set "path" in createManager's/],
    [{ cookie: { domain: "example.com" } }, /"cookie.domain"/],
    [{ cookie: { httpOnly: false } }, /"cookie.httpOnly"/],
    [{ cookie: { secure: true } }, /"cookie.secure".*set "secure"/],
    [{ cookie: { sameSite: false } }, /"cookie.sameSite".*always says it/],
    [{ cookie: { sameSite: "none" } }, /"cookie.sameSite"/],
    [{ cookie: { partitioned: true } }, /"cookie.partitioned"/],
    [{ cookie: { maxAge: 60_000 } }, /"cookie.maxAge".*cookieLifetime and maxLifetime to 60 \(seconds\)/],
    [{ cookie: { maxAge: 86_400_000 } }, /"cookie.maxAge".*maxLifetime to 86400/, { cookieLifetime: 86_400 }],
    [{ cookie: { maxAge: null } }, /"cookie.maxAge".*cookieLifetime: 0/, { cookieLifetime: 60 }],
    [{ cookie: { maxAge: -1 } }, /"cookie.maxAge" must be more than 0/],
    [{ cookie: { maxAge: 0 } }, /"cookie.maxAge" must be more than 0/],
    [{ cookie: { maxAge: new Date() } }, /"cookie.maxAge" must be a number/],
    [{ cookie: { maxAge: 11 * year } }, /maxLifetime to 315360000 \(seconds\)/],
    [{ cookie: { sameSite: "auto" } }, /"cookie.sameSite".*"none" over HTTPS.*Set sameSite "none".*else "lax"/],
    [{ key: "connect.sid" }, /"name".*cookieName/],
    [{ cookie: { expires: new Date() } }, /"cookie.expires" must be absent/],
    [{ cookie: { priority: "high" } }, /"cookie.priority" is none/],
    [{ saveUninitialised: false }, /unknown option "saveUninitialised"/],
  ])("%j", async (options, message, config) => {
    expect(await made(options, config)).toMatch(message);
  });

  test("no Manager", async () => {
    const without = [undefined, null, {}, Promise.resolve()].map((sessions) => ({ sessions }));
    for (const options of [undefined, null, "sid", await manager(), ...without]) {
      const make = () => session(options as unknown as SessionOptions);
      expect(make).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
      expect(make).toThrow(/"sessions" must be a Manager/);
    }
  });

  test("from, where the client keeps its sessions itself", async () => {
    const provider: TokenProvider = { seal: () => "", open: () => undefined, close: async () => {} };
    const connector = { kind: "token", name: "tokens", connect: async () => provider } as const;
    const sessions = await createManager(connector);
    expect(() => session({ sessions, from, secret })).toThrow(/"from" must be absent/);
  });
});

describe("cookie as a function", () => {
  test("its maxAge is the new session's lifetime, in the store and in the browser", async () => {
    let now = Date.now();
    const sessions = await manager({ now: () => now });
    const cookie = (req: IncomingMessage) => ({ maxAge: req.url === "/long" ? 7_200_000 : 60_000, secure: false });
    const port = await serve(session({ sessions, cookie }), (app) => {
      app.use((req, res) => {
        req.session.views = 1;
        res.json([req.session.cookie.originalMaxAge, req.sessionID]);
      });
    });
    const [short, long] = [new Browser(port), new Browser(port)];
    const answer = await short.ask("/short");
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/Max-Age=34560000;/);
    const [maxAge, id] = (await long.json("/long")) as [number, string];
    expect(maxAge).toBe(7_200_000);
    now += 3_700_000;
    expect(await sessions.exists(id)).toBe(true);
    expect(await sessions.exists(JSON.parse(answer.body)[1])).toBe(false);
  });

  test.each<[string, () => number | Date | false, RegExp | undefined, number?]>([
    ["more than ten years: ten", () => 11 * year, /Max-Age=34560000;/, 315_360_000],
    ["a Date", () => new Date(Date.now() + 3_600_000), /Max-Age=34560000;/, 3600],
    ["false: none", () => false, /^(?!.*Max-Age)/],
    ["an end that has come: no session", () => 0, undefined],
  ])("a maxAge of %s", async (_, maxAge, cookie, lifetime) => {
    const sessions = await manager();
    const port = await serve(session({ sessions, cookie: () => ({ maxAge: maxAge() }) }), (app) => {
      app.get("/", (req, res) => {
        req.session.views = 1;
        res.json(1);
      });
    });
    const ada = new Browser(port);
    const { status, headers } = await ada.ask("/");
    expect([status, headers["set-cookie"]?.[0]]).toEqual([200, cookie && expect.stringMatching(cookie)]);
    if (lifetime !== undefined) expect((await sessions.load(ada.jar.get("sid") ?? ""))?.lifetime).toBe(lifetime);
    expect(await sessions.count()).toBe(cookie === undefined ? 0 : 1);
  });

  test("what does not agree with the Manager is that request's error", async () => {
    const sessions = await manager();
    const port = await serve(session({ sessions, cookie: () => ({ path: "/app" }) }), (app) => {
      app.get("/", (_req, res) => void res.end());
    });
    expect((await new Browser(port).ask("/")).status).toBe(500);
  });
});

test("where the Manager's cookie has a path, requests elsewhere have no session, as with express-session", async () => {
  const sessions = await manager({ path: "/app" });
  const port = await serve(session({ sessions }), (app) => app.use((req, res) => void res.json(typeof req.session)));
  const answers = ["/", "/app", "/app/x?y", "/apple"].map((path) => new Browser(port).json(path));
  expect(await Promise.all(answers)).toEqual(["undefined", "object", "object", "undefined"]);
});

test("mounted twice it is one session", async () => {
  const sessions = await manager();
  const port = await serve(session({ sessions }), (app) => {
    app.use((req, _res, next) => {
      req.session.views = 1;
      next();
    }, session({ sessions }));
    app.get("/", (req, res) => void res.json(req.session.views));
  });
  expect(await new Browser(port).json("/")).toBe(1);
});

test("a changed maxAge is the session's when it is created, or gets its new id; attributes are the Manager's", async () => {
  const sessions = await manager({ cookieLifetime: 60, maxLifetime: 60 });
  const port = await serve(session({ sessions }), (app) => {
    app.get("/start", (req, res) => {
      req.session.views = 1;
      req.session.cookie.maxAge = 120_000;
      res.json(req.session.cookie);
    });
    app.get("/read", (req, res) => void res.json(req.session.cookie));
    app.get("/longer", (req, res) => {
      req.session.cookie.expires = new Date(Date.now() + 240_000);
      req.session.views = 2;
      if (req.query.now) req.session.regenerate(() => res.json(Object.assign(req.session, { views: 3 }).views));
      else res.json(2);
    });
    app.get("/attributes", (req, res) => {
      const refusals = (["secure", "httpOnly", "path", "sameSite", "domain", "partitioned"] as const).map((name) => {
        try {
          Object.assign(req.session.cookie, { [name]: req.session.cookie[name] });
          Object.assign(req.session.cookie, { [name]: "/other" });
        } catch (error) {
          return (error as { code: string }).code;
        }
        return "kept";
      });
      res.json(refusals);
    });
  });
  const ada = new Browser(port);
  const answer = await ada.ask("/start");
  expect(JSON.parse(answer.body)).toMatchObject({ originalMaxAge: 120_000, httpOnly: true, path: "/" });
  expect(answer.headers["set-cookie"]?.[0]).toMatch(/Max-Age=34560000;/);
  expect(await ada.json("/read")).toMatchObject({ originalMaxAge: 120_000 });
  expect((await ada.ask("/longer")).headers["set-cookie"]).toBe(undefined);
  expect(await ada.json("/read")).toMatchObject({ originalMaxAge: 120_000 });
  expect((await ada.ask("/longer?now=1")).headers["set-cookie"]?.[0]).toMatch(/Max-Age=34560000;/);
  expect(await ada.json("/attributes")).toEqual(Array(6).fill("SESS_UNSUPPORTED"));
});
