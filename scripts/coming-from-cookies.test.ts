import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cookie } from "../packages/cookie/src/provider.js";
import { session } from "../packages/core/src/express-session/index.js";
import { createManager } from "../packages/core/src/index.js";
import { type Answer, ask, closeServers, listen } from "../packages/core/test-support/test-client.js";
import { blocksOf } from "./checks/markdown.js";

// The code of docs/coming-from-iron-session.md and docs/coming-from-cookie-session.md does what the pages say, and so do
// the two packages.

const root = join(import.meta.dirname, "..");
const pages = ["coming-from-iron-session.md", "coming-from-cookie-session.md"];
/** Those packages are the benchmarks'. */
const require = createRequire(join(root, "bench", "package.json"));
const cookieSession: (options: object) => RequestHandler = require("cookie-session");

const password = "a password of more than 32 characters";
const oldKey = "the key of the old application";
vi.stubEnv("SESS_KEY", randomBytes(32).toString("base64url"));
vi.stubEnv("IRON_PASSWORD", password);
vi.stubEnv("COOKIE_KEY", oldKey);
const until = Date.now() + 3_600_000;
vi.stubEnv("OLD_COOKIES_UNTIL", new Date(until).toISOString());

let folder: string;
beforeAll(async () => {
  await mkdir(join(root, ".tmp"), { recursive: true });
  folder = await mkdtemp(join(root, ".tmp", "cookies-"));
  await symlink(join(root, "bench", "node_modules"), join(folder, "node_modules"));
  for (const page of pages) {
    const text = await readFile(join(root, "packages/core/docs", page), "utf8");
    for (const block of blocksOf(text).filter(({ name }) => name !== "")) {
      await writeFile(join(folder, block.name), block.text);
    }
  }
});
afterAll(async () => {
  vi.useRealTimers();
  await closeServers();
  await rm(folder, { recursive: true, force: true });
});

const load = <T>(file: string) => import(/* @vite-ignore */ join(folder, file)) as Promise<T>;

/** What a browser keeps of an answer, in addition to what it has. */
function keep(jar: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [pair = "", ...attributes] = line.split(";");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const gone = /max-age=0|expires=Thu, 01 Jan 1970/i.test(attributes.join(";"));
    if (gone) jar.delete(name);
    else jar.set(name, value);
  }
}
const header = (jar: Map<string, string>) => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

interface Iron {
  getIronSession(request: Request, headers: Headers, options: object): Promise<IronSession>;
}
interface IronSession {
  user?: unknown;
  save(): Promise<void>;
  destroy(): void;
}

describe("iron-session", () => {
  const options = { cookieName: "iron", password };
  const iron = () => import(require.resolve("iron-session")) as Promise<Iron>;
  const open = async (cookie: string, headers: Headers, more: object = {}) =>
    (await iron()).getIronSession(new Request("https://x/", { headers: { cookie } }), headers, { ...options, ...more });

  /** A browser that iron-session has signed in. */
  async function signedIn(user: unknown = "ada", more: object = {}) {
    const headers = new Headers();
    const session = await open("", headers, more);
    session.user = user;
    await session.save();
    const jar = new Map<string, string>();
    keep(jar, headers.getSetCookie());
    return { jar, line: headers.getSetCookie().join() };
  }

  test("the old cookie is let in once, and removed", async () => {
    const { page } = await load<{ page(request: Request): Promise<Response> }>("iron.js");
    const { jar } = await signedIn();
    const visit = async () => {
      const answer = await page(new Request("https://x/", { headers: { cookie: header(jar) } }));
      keep(jar, answer.headers.getSetCookie());
      return answer.text();
    };
    expect([await visit(), [...jar.keys()]]).toEqual(["hello ada", ["sessionid"]]);
    expect(await visit()).toBe("hello ada");
    jar.clear();
    expect(await visit()).toBe("hello nobody");
  });

  test("from the end on, it is not", async () => {
    const { page } = await load<{ page(request: Request): Promise<Response> }>("iron.js");
    const { jar } = await signedIn();
    vi.useFakeTimers({ toFake: ["Date"], now: until });
    const answer = await page(new Request("https://x/", { headers: { cookie: header(jar) } }));
    vi.useRealTimers();
    expect(await answer.text()).toBe("hello nobody");
  });

  test("what the page says of it: 14 days, a copy opens after destroy, no Date, 4,096 bytes, several cookies", async () => {
    const { jar, line } = await signedIn();
    expect(line).toMatch(/Max-Age=1209540; Path=\/; HttpOnly; Secure; SameSite=Lax/i);
    const copy = header(jar);
    (await open(copy, new Headers())).destroy();
    expect((await open(copy, new Headers())).user).toBe("ada");
    for (const value of [new Date(), new Map(), 1n]) await expect(signedIn(value)).rejects.toThrow("serializable");
    await expect(signedIn("x".repeat(5000))).rejects.toThrow("too big");
    expect((await signedIn("x".repeat(5000), { chunk: true })).jar.size).toBeGreaterThan(1);
    await expect(signedIn("ada", { password: "short" })).rejects.toThrow("32 characters");
  });

  test("time runs from the last save: reading does not prolong", async () => {
    const headers = new Headers();
    expect((await open(header((await signedIn()).jar), headers)).user).toBe("ada");
    expect(headers.getSetCookie()).toEqual([]);
  });
});

describe("cookie-session", () => {
  async function serve(more: object = {}): Promise<number> {
    const app = express();
    app.set("env", "test");
    app.use(cookieSession({ name: "session", keys: [oldKey], ...more }));
    app.get("/sign-in", (req, res) => {
      Object.assign(req.session as object, { user: "ada", at: new Date(0) });
      res.end();
    });
    app.get("/large", (req, res) => {
      Object.assign(req.session as object, { text: "x".repeat(5000) });
      res.end();
    });
    app.get("/strange", (req, res) => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      Object.assign(req.session as object, circle);
      res.end();
    });
    app.get("/read", (req, res) => void res.json(req.session));
    return listen(createServer(app as RequestListener));
  }
  const lines = (answer: Answer) => answer.headers["set-cookie"] ?? [];

  async function signedIn(port: number): Promise<Map<string, string>> {
    const jar = new Map<string, string>();
    keep(jar, lines(await ask(port, "/sign-in")));
    return jar;
  }

  test("the old cookie is let in once, and removed; signing out is final in that browser", async () => {
    const { app } = await load<{ app: RequestListener }>("cookie-session.js");
    const port = await listen(createServer(app));
    const jar = await signedIn(await serve());
    expect([...jar.keys()].sort()).toEqual(["session", "session.sig"]);
    const visit = async (path = "/", method = "GET") => {
      const answer = await ask(port, path, { cookie: header(jar), method });
      keep(jar, lines(answer));
      return answer.body;
    };
    expect([await visit(), [...jar.keys()]]).toEqual(["hello ada", ["sid"]]);
    expect(await visit()).toBe("hello ada");
    await visit("/sign-out", "POST");
    expect([await visit(), [...jar.keys()]]).toEqual(["hello nobody", []]);
    // A sign-out that is the first request removes both.
    const other = await signedIn(await serve());
    keep(other, lines(await ask(port, "/sign-out", { cookie: header(other), method: "POST" })));
    expect([...other.keys()]).toEqual([]);
  });

  test("a forged one is not let in", async () => {
    const { app } = await load<{ app: RequestListener }>("cookie-session.js");
    const port = await listen(createServer(app));
    const jar = await signedIn(await serve({ keys: ["another key"] }));
    expect((await ask(port, "/", { cookie: header(jar) })).body).toBe("hello nobody");
  });

  test("what the page says of it: readable, without an end, sent when changed only", async () => {
    const port = await serve({ maxAge: 1000 });
    const jar = await signedIn(port);
    expect(Buffer.from(jar.get("session") ?? "", "base64").toString()).toBe(
      '{"user":"ada","at":"1970-01-01T00:00:00.000Z"}',
    );
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 365 * 86_400_000 });
    const much = await ask(port, "/read", { cookie: header(jar) });
    vi.useRealTimers();
    expect([JSON.parse(much.body).user, lines(much)]).toEqual(["ada", []]);
  });

  test("and of what is here: the same handlers, values as they were, and errors instead of silence", async () => {
    const sessions = await createManager(cookie({ keys: [randomBytes(32)] }), { maxLifetime: 100 });
    const app = express();
    app.set("env", "test");
    app.use(session({ sessions, unset: "destroy" }));
    const fields = (req: express.Request) => req.session as unknown as Record<string, unknown>;
    app.get("/sign-in", (req, res) => {
      Object.assign(fields(req), { user: "ada", at: new Date(0), n: 1n });
      res.end();
    });
    app.get("/read", (req, res) => {
      const { user, at, n } = fields(req);
      res.json([user, at instanceof Date, typeof n]);
    });
    app.get("/large", (req, res) => {
      fields(req).text = "x".repeat(5000);
      res.end();
    });
    app.get("/circle", (req, res) => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      fields(req).circle = circle;
      res.end();
    });
    app.get("/replaced", (req, res) => {
      Object.assign(req, { session: { user: "eve" } });
      res.end();
    });
    app.get("/out", (req, res) => {
      Object.assign(req, { session: null });
      res.end();
    });
    app.use(
      ((error: { code: string }, _req, res, _next) => void res.status(500).end(error.code)) as ErrorRequestHandler,
    );
    const port = await listen(createServer(app as RequestListener));
    const jar = await signedIn(port);
    const cookieHeader = header(jar);
    expect((await ask(port, "/read", { cookie: cookieHeader })).body).toBe('["ada",true,"bigint"]');
    for (const path of ["/large", "/circle", "/replaced"]) {
      const answer = await ask(port, path, { cookie: cookieHeader });
      expect([path, answer.status, lines(answer)]).toEqual([path, 500, []]);
    }
    keep(jar, lines(await ask(port, "/out", { cookie: cookieHeader })));
    expect([...jar.keys()]).toEqual([]);
    await sessions.close();
  });

  test("and what it loses in silence: too large, a circle, Secure without TLS", async () => {
    const port = await serve();
    const large = await ask(port, "/large");
    expect([large.status, (lines(large)[0]?.length ?? 0) > 4096]).toEqual([200, true]);
    const strange = await ask(port, "/strange");
    expect([strange.status, lines(strange)]).toEqual([200, []]);
    const secure = await ask(await serve({ secure: true }), "/sign-in");
    expect([secure.status, lines(secure)]).toEqual([200, []]);
  });
});
