import express, { type Request, type Response } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { session } from "../../src/express-session/index.js";
import {
  Browser,
  expressSession,
  type MemoryStore,
  secret,
  serve,
} from "../../test-support/express-session/express-sites.js";
import { bag, type Routes } from "../../test-support/express-session/side-by-side.js";
import { Stage } from "../../test-support/stage.js";
import { type Answer, type Ask, closeServers } from "../../test-support/test-client.js";

// Further behaviours of express-session 1.19, tried on both over Express 5: what the response looks like where it is made in
// unusual ways, what is shown of the cookie, several requests at once, several applications.

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await closeServers();
});

/** As much of `req.session.cookie` as both have. */
type AnyCookie = Record<string, unknown> & { maxAge: number | null; expires: Date | null };
const cookieOf = (req: Request) => req.session.cookie as unknown as AnyCookie;

interface Setting {
  readonly cookie?: object;
  /** Of ours, where it has any. */
  readonly ourCookie?: () => { readonly maxAge: number };
  readonly unset?: "destroy";
  readonly proxy?: boolean;
  /** The same, as the Manager has it. */
  readonly manager?: ManagerConfig;
}

interface Site {
  readonly port: number;
  sessions(): Promise<number>;
  /** Has the store fail, every call. */
  fail(): void;
  /** Told as a store of theirs tells it. */
  disconnect(): void;
}

const sites = {
  async theirs(routes: Routes, { cookie, unset, proxy }: Setting): Promise<Site> {
    const store = new expressSession.MemoryStore();
    const options = { store, secret, name: "sid", resave: false, saveUninitialized: false, cookie, unset, proxy };
    const port = await serve(expressSession(options), routes);
    const down = (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(new Error("down"));
    return {
      port,
      sessions: async () => Object.keys(store.sessions).length,
      fail: () =>
        void Object.assign(store, { get: down, set: down, destroy: down, touch: down } as unknown as MemoryStore),
      disconnect: () => void (store as unknown as { emit(event: string): void }).emit("disconnect"),
    };
  },
  async ours(routes: Routes, { unset, ourCookie, manager = {} }: Setting): Promise<Site> {
    const stage = new Stage();
    const sessions = await stage.manager({ cookieName: "sid", ...manager });
    const port = await serve(session({ sessions, unset, cookie: ourCookie }), routes);
    const fail = () => {
      stage.down = true;
    };
    return { port, sessions: () => sessions.count(), fail, disconnect: fail };
  },
};

interface Scenario {
  readonly setting?: Setting;
  readonly routes: Routes;
  steps(ada: Browser, site: Site): Promise<unknown>;
}

/** What a client makes of an answer. */
function seen({ status, body, headers }: Answer): unknown[] {
  const lines = (headers["set-cookie"] ?? []).filter((each) => each.startsWith("sid="));
  const line = lines.at(-1);
  const cookie =
    line === undefined ? "none" : /^sid=;|Max-Age=0|Expires=Thu, 01 Jan 1970/.test(line) ? "cleared" : "set";
  return [status, body.length > 200 ? "long" : body, cookie];
}
const visit = async (ada: Browser, ...paths: (string | [string, Ask])[]) => {
  const answers: unknown[] = [];
  for (const each of paths) {
    const [path, options] = typeof each === "string" ? [each, undefined] : each;
    answers.push(seen(await ada.ask(path, options)));
  }
  return answers;
};
/** The attributes of the session's cookie in one answer, without what differs by design. */
const attributes = async (ada: Browser, path: string, options?: Ask) => {
  const line = (await ada.ask(path, options)).headers["set-cookie"]?.find((each) => each.startsWith("sid="));
  const all = line
    ?.split("; ")
    .slice(1)
    .filter((each) => !/^(Expires|Max-Age|SameSite)=/.test(each));
  return all?.sort() ?? "none";
};
const done = (req: Request, method: "regenerate" | "destroy" | "reload" | "save") =>
  new Promise<unknown>((resolve) => req.session[method]((error: unknown) => resolve(error ? "error" : "done")));

/** A route of each name. */
const on =
  (handlers: Record<string, (req: Request, res: Response, next: (error?: unknown) => void) => unknown>): Routes =>
  (app) => {
    for (const [path, handler] of Object.entries(handlers)) app.all(path, handler as never);
  };
const start = (req: Request, res: Response) => {
  bag(req).a = 1;
  res.json(1);
};
const read = (req: Request, res: Response) => void res.json({ ...bag(req), cookie: undefined });

const behaviours: Record<string, Scenario & { theirs?: unknown; ours?: unknown; reason?: string }> = {
  // The response.
  HEAD: {
    routes: on({ "/start": start, "/read": read }),
    steps: (ada) => visit(ada, ["/start", { method: "HEAD" }], "/read", ["/read", { method: "HEAD" }]),
  },
  "OPTIONS, answered by Express itself": {
    routes: (app) => {
      app.use((req, _, next) => {
        bag(req).a = 1;
        next();
      });
      app.get("/x", read);
    },
    steps: (ada) => visit(ada, ["/x", { method: "OPTIONS" }], "/x"),
  },
  "204, 304 and 404": {
    routes: on({
      "/204": (req, res) => {
        bag(req).a = 1;
        res.status(204).end();
      },
      "/304": (req, res) => {
        bag(req).b = 1;
        res.status(304).end();
      },
      "/read": read,
    }),
    steps: async (ada, { port }) => [
      await visit(ada, "/204", "/304", "/nothing", "/read"),
      await visit(new Browser(port), "/304"),
    ],
  },
  "writeHead with headers and a Set-Cookie of its own": {
    routes: on({
      "/x": (req, res) => {
        bag(req).a = 1;
        res.writeHead(201, { "Set-Cookie": "theme=dark", "X-Own": "1" });
        res.end("x");
      },
      "/read": read,
    }),
    steps: async (ada) => {
      const { headers, status } = await ada.ask("/x");
      return [
        status,
        headers["x-own"],
        headers["set-cookie"]?.map((line) => line.split("=")[0]).sort(),
        (await ada.ask("/read")).body,
      ];
    },
  },
  "a Set-Cookie that the application has set, as text and by res.cookie": {
    routes: on({
      "/x": (req, res) => {
        res.setHeader("Set-Cookie", "theme=dark");
        bag(req).a = 1;
        res.cookie("lang", "en");
        res.json(1);
      },
    }),
    steps: async (ada) => (await ada.ask("/x")).headers["set-cookie"]?.map((line) => line.split("=")[0]).sort(),
  },
  "flushHeaders, then a change to a stored session": {
    routes: on({
      "/start": start,
      "/x": (req, res) => {
        res.flushHeaders();
        bag(req).b = 2;
        res.end("x");
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/start", "/x", "/read"),
  },
  "write, then a change to a stored session, then end": {
    routes: on({
      "/start": start,
      "/x": (req, res) => {
        res.write("x");
        bag(req).b = 2;
        res.end("y");
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/start", "/x", "/read"),
  },
  "write, then the first change of a visitor": {
    routes: on({
      "/x": async (req, res) => {
        res.write("x");
        await new Promise(setImmediate);
        try {
          bag(req).b = 2;
        } catch {
          res.write("!");
        }
        res.end("y");
      },
    }),
    steps: async (ada, site) => [await visit(ada, "/x"), await site.sessions()],
    theirs: [[[200, "xy", "none"]], 1],
    ours: [[[200, "x!y", "none"]], 0],
    reason: "it is SESS_HEADERS_SENT: nothing is stored that no cookie leads to",
  },
  "end with a callback, and twice": {
    routes: on({
      "/x": (req, res) => {
        bag(req).a = 1;
        res.end("x", () => {});
        res.end();
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/x", "/read"),
  },
  "a body with its length": {
    routes: on({
      "/x": (req, res) => {
        bag(req).a = 1;
        res.setHeader("Content-Length", 5);
        res.end("hello");
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/x", "/read"),
  },
  "a body in a Buffer, and in another encoding": {
    routes: on({
      "/buffer": (req, res) => {
        bag(req).a = 1;
        res.end(Buffer.from("héllo"));
      },
      "/latin": (req, res) => {
        bag(req).a = 2;
        res.setHeader("Content-Length", 5);
        res.end("h\u00e9llo", "latin1");
      },
    }),
    steps: async (ada) => [(await ada.ask("/buffer")).body, (await ada.ask("/latin", { encoding: "latin1" })).body],
  },
  "redirect after a sign-in, followed at once": {
    routes: on({
      "/in": async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        res.redirect("/read");
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/in", "/read"),
  },
  sendFile: {
    routes: on({
      "/x": (req, res) => {
        bag(req).a = 1;
        res.sendFile(import.meta.filename, { dotfiles: "allow" });
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/x", "/read"),
  },
  // Errors.
  "an error passed to next, answered by a handler with 400": {
    routes: (app) => {
      on({
        "/x": (req, _, next) => {
          bag(req).a = 1;
          next(new Error("bad"));
        },
        "/read": read,
      })(app);
      app.use((_error: unknown, _req: Request, res: Response, _next: unknown) => void res.status(400).json("told"));
    },
    steps: (ada) => visit(ada, "/x", "/read"),
  },
  "a promise that rejects, answered by Express": {
    routes: on({
      "/start": start,
      "/x": async (req) => {
        bag(req).b = 1;
        throw new Error("bad");
      },
      "/read": read,
    }),
    steps: async (ada) => [await visit(ada, "/start"), (await ada.ask("/x")).status, await visit(ada, "/read")],
    theirs: [[[200, "1", "set"]], 500, [[200, '{"a":1,"b":1}', "none"]]],
    ours: [[[200, "1", "set"]], 500, [[200, '{"a":1}', "none"]]],
    reason: "what failed leaves nothing half done",
  },
  "a store that fails to read": {
    routes: (app) => {
      on({ "/start": start, "/read": read })(app);
      app.use(
        (error: { status?: number }, _req: Request, res: Response, _next: unknown) =>
          void res.status(500).json(error.status ?? 0),
      );
    },
    steps: async (ada, site) => {
      await ada.ask("/start");
      site.fail();
      return visit(ada, "/read");
    },
    theirs: [[500, "0", "none"]],
    ours: [[500, "503", "none"]],
    reason: "the error has a status",
  },
  "a store that is disconnected, and a visitor": {
    routes: on({ "/x": (req, res) => void res.json(typeof req.session) }),
    steps: async (ada, site) => {
      site.disconnect();
      return visit(ada, "/x");
    },
    theirs: [[200, '"undefined"', "none"]],
    ours: [[200, '"object"', "none"]],
    reason: "req.session is always there: a store that is down is an error for whoever needs it",
  },
  "reload where the store fails": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        broken();
        res.json([await done(req, "reload"), typeof req.session]);
      },
    }),
    steps: async (ada, site) => {
      await ada.ask("/start");
      broken = site.fail;
      return (await ada.ask("/x")).body;
    },
  },
  "reload of a session that was destroyed elsewhere": {
    routes: on({
      "/start": start,
      "/end": async (req, res) => {
        await done(req, "destroy");
        res.json(1);
      },
      "/x": async (req, res) => {
        await elsewhere();
        res.json([await done(req, "reload"), bag(req).a]);
      },
    }),
    steps: async (ada, { port }) => {
      await ada.ask("/start");
      elsewhere = () => new Browser(port, ada.cookie).ask("/end");
      return (await ada.ask("/x")).body;
    },
  },
  "destroy where the store fails": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        broken();
        res.json([await done(req, "destroy"), typeof req.session]);
      },
    }),
    steps: async (ada, site) => {
      await ada.ask("/start");
      broken = site.fail;
      return (await ada.ask("/x")).body;
    },
  },
  // One request's calls, in quick succession.
  "save and regenerate at once": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        bag(req).b = 2;
        const [before, saved] = [req.sessionID, done(req, "save")];
        const again = done(req, "regenerate");
        res.json([await saved, await again, before === req.sessionID, bag(req).b ?? "none"]);
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/start", "/x", "/read"),
  },
  "two saves at once, each with a change": {
    routes: on({
      "/x": async (req, res) => {
        bag(req).a = 1;
        const first = done(req, "save");
        bag(req).b = 2;
        res.json([await first, await done(req, "save")]);
      },
      "/read": read,
    }),
    steps: (ada) => visit(ada, "/x", "/read"),
  },
  "two regenerates one after the other": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        const ids = [req.sessionID];
        for (let round = 0; round < 2; round++) {
          await done(req, "regenerate");
          ids.push(req.sessionID);
        }
        bag(req).c = 3;
        res.json(new Set(ids).size);
      },
      "/read": read,
    }),
    steps: async (ada, site) => [await visit(ada, "/start", "/x", "/read"), await site.sessions()],
  },
  "destroy twice, on the object that was kept": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        const kept = req.session;
        await done(req, "destroy");
        kept.destroy((error: unknown) => res.json(error ?? "done"));
      },
    }),
    steps: async (ada, site) => {
      await ada.ask("/start");
      return [(await ada.ask("/x")).body, await site.sessions()];
    },
  },
  "regenerate by one request while another saves": {
    routes: on({
      "/start": start,
      "/slow": async (req, res) => {
        bag(req).late = 1;
        entered();
        await elsewhere();
        res.json(1);
      },
      "/again": async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        res.json(1);
      },
      "/read": read,
    }),
    steps: async (ada, { port }) => {
      await ada.ask("/start");
      const other = new Browser(port, ada.cookie);
      let leave = () => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      elsewhere = () => left;
      const inside = new Promise<void>((resolve) => {
        entered = resolve;
      });
      const slow = other.ask("/slow");
      await inside;
      await ada.ask("/again");
      leave();
      await slow;
      return visit(ada, "/read");
    },
  },
  // Which request has a session.
  "a sub-application": {
    routes: (app) => {
      const sub = express();
      on({ "/start": start, "/read": read })(sub);
      app.use("/sub", sub);
      on({ "/read": read })(app);
    },
    steps: (ada) => visit(ada, "/sub/start", "/sub/read", "/read"),
  },
  "a router that gives the rest to the application": {
    routes: (app) => {
      const router = express.Router();
      router.use((req, _, next) => {
        bag(req).seen = ((bag(req).seen as number) ?? 0) + 1;
        next();
      });
      app.use("/r", router);
      app.get("/r/read", read);
    },
    steps: (ada) => visit(ada, "/r/read", "/r/read"),
  },
  "a cookie with a path: below it, beside it, elsewhere": {
    setting: { cookie: { path: "/app" }, manager: { path: "/app" } },
    routes: on({
      "/{*any}": (req, res) => {
        if ("session" in req) bag(req).a = 1;
        res.json(typeof req.session);
      },
    }),
    steps: (ada) => visit(ada, "/app", "/app/deep", "/application", "/"),
    theirs: [
      [200, '"object"', "set"],
      [200, '"object"', "none"],
      [200, '"object"', "none"],
      [200, '"undefined"', "none"],
    ],
    ours: [
      [200, '"object"', "set"],
      [200, '"object"', "none"],
      [200, '"undefined"', "none"],
      [200, '"undefined"', "none"],
    ],
    reason: "a browser does not send the cookie of /app to /application (RFC 6265, section 5.1.4)",
  },
  // The cookie's attributes.
  "httpOnly off, a domain, a path": {
    setting: {
      cookie: { httpOnly: false, domain: "example.com", path: "/start" },
      manager: { httpOnly: false, domain: "example.com", path: "/start" },
    },
    routes: on({ "/start": start }),
    steps: (ada) => attributes(ada, "/start"),
  },
  "secure, over HTTPS as a proxy says": {
    setting: { cookie: { secure: true }, proxy: true, manager: { secure: true, trustProxy: 1 } },
    routes: on({ "/start": start }),
    steps: (ada) => attributes(ada, "/start", { headers: { "x-forwarded-proto": "https" } }),
  },
  'secure "auto", over HTTPS as a proxy says, and over HTTP': {
    setting: { cookie: { secure: "auto" }, proxy: true, manager: { trustProxy: 1 } },
    routes: on({ "/start": start }),
    steps: async (ada, { port }) => [
      await attributes(ada, "/start", { headers: { "x-forwarded-proto": "https" } }),
      await attributes(new Browser(port), "/start"),
      await attributes(new Browser(port), "/start", { headers: { "x-forwarded-proto": "HTTPS" } }),
    ],
  },
  "several protocols in X-Forwarded-Proto": {
    setting: { cookie: { secure: "auto" }, proxy: true, manager: { trustProxy: 1 } },
    routes: on({ "/start": start }),
    steps: async (ada, { port }) => [
      await attributes(ada, "/start", { headers: { "x-forwarded-proto": "https, http" } }),
      await attributes(new Browser(port), "/start", { headers: { "x-forwarded-proto": "http, https" } }),
    ],
    theirs: [
      ["HttpOnly", "Path=/", "Secure"],
      ["HttpOnly", "Path=/"],
    ],
    ours: [
      ["HttpOnly", "Path=/"],
      ["HttpOnly", "Path=/", "Secure"],
    ],
    reason: "the first is what the client wrote; trustProxy counts from the last, which our proxy did",
  },
  partitioned: {
    setting: {
      cookie: { partitioned: true, secure: true },
      proxy: true,
      manager: { partitioned: true, trustProxy: 1 },
    },
    routes: on({ "/start": start }),
    steps: (ada) => attributes(ada, "/start", { headers: { "x-forwarded-proto": "https" } }),
  },
  "priority set for one session": {
    routes: on({
      "/start": (req, res) => {
        cookieOf(req).priority = "high";
        bag(req).a = 1;
        res.json(1);
      },
    }),
    steps: async (ada) => [(await ada.ask("/start")).status, ada.cookie !== ""],
    theirs: [200, true],
    ours: [500, false],
    reason: "SESS_UNSUPPORTED: the cookie has none, and nothing is dropped in silence",
  },
  "what cookie.secure says, where it is as the connection is": {
    setting: { cookie: { secure: "auto" }, proxy: true, manager: { trustProxy: 1 } },
    routes: on({ "/x": (req, res) => void res.json(cookieOf(req).secure) }),
    steps: async (ada) => [
      (await ada.ask("/x")).body,
      (await ada.ask("/x", { headers: { "x-forwarded-proto": "https" } })).body,
    ],
  },
  // The cookie's lifetime, as it is shown.
  "expires = a Date: maxAge and originalMaxAge follow": {
    routes: on({
      "/x": (req, res) => {
        const cookie = cookieOf(req);
        cookie.expires = new Date(Date.now() + 60_000);
        const about = [cookie.maxAge, cookie.originalMaxAge].map((each) => Math.round(Number(each) / 1000));
        res.json([...about, cookie.expires instanceof Date]);
      },
    }),
    steps: async (ada) => (await ada.ask("/x")).body,
  },
  "maxAge set and taken away again": {
    routes: on({
      "/x": (req, res) => {
        const cookie = cookieOf(req);
        cookie.maxAge = 60_000;
        let told = "kept";
        try {
          cookie.maxAge = null;
        } catch (error) {
          told = String((error as { code?: string }).code);
        }
        bag(req).a = 1;
        res.json([told, cookie.maxAge === null]);
      },
    }),
    steps: async (ada) => (await ada.ask("/x")).body,
  },
  "resetMaxAge gives the original back": {
    setting: { cookie: { maxAge: 60_000 }, manager: { cookieLifetime: 60, maxLifetime: 60 } },
    routes: on({
      "/x": async (req, res) => {
        const cookie = cookieOf(req);
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20_000 });
        const left = Math.round(Number(cookie.maxAge) / 1000);
        req.session.resetMaxAge();
        res.json([left, Math.round(Number(cookie.maxAge) / 1000), Math.round(Number(cookie.originalMaxAge) / 1000)]);
        vi.useRealTimers();
      },
    }),
    steps: async (ada) => (await ada.ask("/x")).body,
  },
  "regenerate of a session that was remembered: the new one is not": {
    routes: on({
      "/start": (req, res) => {
        cookieOf(req).maxAge = 60_000;
        bag(req).a = 1;
        res.json(1);
      },
      "/again": async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        res.json([cookieOf(req).maxAge === null, cookieOf(req).originalMaxAge ?? null]);
      },
      "/read": (req, res) => void res.json([bag(req).user, cookieOf(req).originalMaxAge ?? null]),
    }),
    steps: async (ada) => {
      await ada.ask("/start");
      const { body, headers } = await ada.ask("/again");
      return [body, /Expires|Max-Age/.test(headers["set-cookie"]?.[0] ?? ""), (await ada.ask("/read")).body];
    },
  },
  "remembered, or not, at each sign-in": {
    routes: on({
      "/in/:remember": async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        if (req.params.remember === "yes") cookieOf(req).maxAge = 60_000;
        else (cookieOf(req) as Record<string, unknown>).expires = false;
        res.json(1);
      },
    }),
    steps: async (ada) => {
      const lasting: unknown[] = [];
      for (const path of ["/in/no", "/in/yes", "/in/no"]) {
        const { status, headers } = await ada.ask(path);
        lasting.push([status, /Expires|Max-Age/.test(headers["set-cookie"]?.[0] ?? "")]);
      }
      return lasting;
    },
  },
  "remembered by a middleware for all, and not after all": {
    routes: on({
      "/in": async (req, res) => {
        cookieOf(req).maxAge = 60_000;
        (cookieOf(req) as Record<string, unknown>).expires = false;
        await done(req, "regenerate");
        bag(req).user = "ada";
        res.json(1);
      },
    }),
    steps: async (ada) => {
      const { status, headers } = await ada.ask("/in");
      return [status, /Expires|Max-Age/.test(headers["set-cookie"]?.[0] ?? "")];
    },
  },
  "a lifetime by a function, and by hand, and a regenerate": {
    setting: { cookie: () => ({ maxAge: 60_000 }), ourCookie: () => ({ maxAge: 60_000 }) },
    routes: on({
      "/start": (req, res) => {
        bag(req).a = 1;
        res.json(Math.round(Number(cookieOf(req).originalMaxAge) / 1000));
      },
      "/mine": (req, res) => {
        cookieOf(req).maxAge = 120_000;
        bag(req).b = 1;
        res.json(Math.round(Number(cookieOf(req).originalMaxAge) / 1000));
      },
      "/again": async (req, res) => {
        await done(req, "regenerate");
        bag(req).c = 1;
        res.json(Math.round(Number(cookieOf(req).originalMaxAge) / 1000));
      },
    }),
    steps: async (ada) => {
      const bodies: unknown[] = [];
      for (const path of ["/start", "/mine", "/again"]) bodies.push((await ada.ask(path)).body);
      return bodies;
    },
  },
  "cookie.data and its JSON": {
    routes: on({
      "/x": (req, res) => {
        const { data } = req.session.cookie;
        res.json([
          Object.keys(JSON.parse(JSON.stringify(req.session.cookie))).sort(),
          data.path,
          data.httpOnly,
          data.originalMaxAge,
        ]);
      },
    }),
    steps: async (ada) => (await ada.ask("/x")).body,
    theirs: '[["expires","httpOnly","originalMaxAge","path"],"/",true,null]',
    ours: '[["expires","httpOnly","originalMaxAge","path","sameSite","secure"],"/",true,null]',
    reason: "all that the cookie says is shown",
  },
  "cookie.serialize": {
    routes: on({ "/x": (req, res) => void res.json(typeof cookieOf(req).serialize) }),
    steps: async (ada) => (await ada.ask("/x")).body,
    theirs: '"function"',
    ours: '"undefined"',
    reason: "the Manager writes the cookie",
  },
  // Signing out by other ways.
  "unset: destroy, for a visitor of whom nothing is stored": {
    setting: { unset: "destroy" },
    routes: on({
      "/x": (req, res) => {
        bag(req).a = 1;
        Object.assign(req, { session: null });
        res.json(1);
      },
    }),
    steps: async (ada, site) => [await visit(ada, "/x"), await site.sessions()],
  },
  "res.clearCookie beside destroy": {
    routes: on({
      "/start": start,
      "/x": async (req, res) => {
        await done(req, "destroy");
        res.clearCookie("sid").json(1);
      },
      "/read": read,
    }),
    steps: async (ada) => {
      const all = await visit(ada, "/start", "/x", "/read");
      return [all, ada.cookie];
    },
  },
  "res.clearCookie without destroy": {
    routes: on({ "/start": start, "/x": (_, res) => void res.clearCookie("sid").json(1), "/read": read }),
    steps: async (ada, site) => [await visit(ada, "/start", "/x", "/read"), ada.cookie, await site.sessions()],
  },
  "every property deleted: the session stays": {
    routes: on({
      "/start": start,
      "/x": (req, res) => {
        delete bag(req).a;
        res.json(1);
      },
      "/read": read,
    }),
    steps: async (ada, site) => [await visit(ada, "/start", "/x", "/read"), await site.sessions()],
  },
  "session.req": {
    routes: on({ "/x": (req, res) => void res.json(bag(req).req === req) }),
    steps: async (ada) => (await ada.ask("/x")).body,
    theirs: "true",
    ours: "false",
    reason: "a session holds what is stored",
  },
};

let broken = () => {};
let elsewhere: () => Promise<unknown> = async () => {};
let entered = () => {};

describe("further", () => {
  test.each(Object.entries(behaviours))("%s", async (_, { routes, setting = {}, steps, ...expected }) => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const outcome = async (side: keyof typeof sites) => {
      const site = await sites[side](routes, setting);
      return steps(new Browser(site.port), site);
    };
    const there = await outcome("theirs");
    if ("theirs" in expected) expect(there).toEqual(expected.theirs);
    expect(await outcome("ours")).toEqual("ours" in expected ? expected.ours : there);
  });
});

test("regenerate begins a new session also for who owns it", async () => {
  const sessions = await new Stage().manager({ cookieName: "sid" });
  const port = await serve(
    session({ sessions }),
    on({
      "/in": async (req, res) => {
        bag(req).user = "ada";
        (await sessions.start(req, res)).owner = "ada";
        res.json(1);
      },
      "/out": async (req, res) => {
        await done(req, "regenerate");
        bag(req).visits = 1;
        res.json(1);
      },
    }),
  );
  const ada = new Browser(port);
  await ada.ask("/in");
  expect(await sessions.listOwned("ada")).toHaveLength(1);
  await ada.ask("/out");
  expect([await sessions.listOwned("ada"), await sessions.count()]).toEqual([[], 1]);
});

test("a regenerate that fails leaves the lifetime as it was", async () => {
  const stage = new Stage();
  const sessions = await stage.manager({ cookieName: "sid" });
  const port = await serve(
    session({ sessions }),
    on({
      "/start": (req, res) => {
        cookieOf(req).maxAge = 60_000;
        bag(req).a = 1;
        res.json(1);
      },
      "/again": async (req, res) => {
        stage.largest = 0;
        stage.down = true;
        const outcome = await done(req, "regenerate");
        stage.down = false;
        res.json([outcome, cookieOf(req).originalMaxAge, bag(req).a]);
      },
    }),
  );
  const ada = new Browser(port);
  await ada.ask("/start");
  expect(await ada.json("/again")).toEqual(["error", 60_000, 1]);
});
