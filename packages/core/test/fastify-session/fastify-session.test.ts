import { createRequire } from "node:module";
import fastify, { type FastifyInstance, type FastifyPluginCallback, type FastifyRequest } from "fastify";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { session } from "../../src/fastify-session/index.js";
import { Browser } from "../../test-support/express-session/express-sites.js";
import { codeOf, Stage } from "../../test-support/stage.js";
import { closeServers, listen } from "../../test-support/test-client.js";

// Their own types would say for this whole repository what `request.session` is.
const require = createRequire(import.meta.url);
const fastifyCookie: FastifyPluginCallback = require("@fastify/cookie");
const theirSession: FastifyPluginCallback<Record<string, unknown>> = require("@fastify/session");

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

type Routes = (app: FastifyInstance, stage: Stage) => void;

async function site(routes: Routes, config: ManagerConfig = {}) {
  const stage = new Stage();
  const sessions = await stage.manager({ cookieName: "sid", ...config });
  const app = fastify();
  app.register(session({ sessions }));
  routes(app, stage);
  await app.ready();
  const port = await listen(app.server);
  return { stage, sessions, port, ada: new Browser(port) };
}

/** The same routes over @fastify/session, with its MemoryStore. */
async function theirs(routes: Routes) {
  const app = fastify();
  app.register(fastifyCookie);
  const cookie = { secure: false };
  const secret = "a secret of more than thirty-two bytes";
  app.register(theirSession, { cookieName: "sid", secret, cookie, saveUninitialized: false });
  routes(app, new Stage());
  await app.ready();
  return new Browser(await listen(app.server));
}

interface Bag {
  [field: string]: unknown;
  readonly sessionId: string;
  readonly encryptedSessionId: string;
  readonly cookie: { maxAge: number | null; readonly originalMaxAge: number | null };
  get(field: string): unknown;
  set(field: string, value: unknown): void;
  options(options: object): void;
  touch(): void;
  isModified(): boolean;
  isSaved(): boolean;
}
type Callback = (error?: unknown) => void;
type Method = "regenerate" | "destroy" | "reload" | "save";
const bag = (request: FastifyRequest) => (request as unknown as { session: Bag }).session;

/** By a callback or by the promise. */
function call(request: FastifyRequest, method: Method, way: "callback" | "promise", ...rest: unknown[]): Promise<void> {
  const found = bag(request) as unknown as Record<Method, (...all: unknown[]) => Promise<void> | undefined>;
  if (way === "promise") return found[method](...rest) as Promise<void>;
  return new Promise((resolve, reject) => {
    const callback: Callback = (error) => (error ? reject(error) : resolve());
    expect(found[method](...rest, callback)).toBe(undefined);
  });
}

const count = async (request: FastifyRequest) => {
  bag(request).n = Number(bag(request).n ?? 0) + 1;
  return { n: bag(request).n };
};

describe("as with @fastify/session", () => {
  const ways = ["callback", "promise"] as const;

  const said: Routes = (app) => {
    app.get("/count", count);
    app.get("/get", async (request) => {
      bag(request).set("user", "ada");
      return [bag(request).get("user"), bag(request).user, Object.keys(bag(request)), "user" in bag(request)];
    });
    app.get("/ids", async (request) => [typeof bag(request).sessionId, typeof bag(request).encryptedSessionId]);
    for (const way of ways) {
      app.get(`/regenerate/${way}`, async (request) => {
        const before = bag(request);
        const { sessionId } = before;
        Object.assign(before, { kept: { deep: 1 }, lost: 2 });
        await call(request, "regenerate", way, ["kept", "absent"]);
        const after = bag(request);
        return [
          after === before,
          after.sessionId === sessionId,
          before.sessionId === sessionId,
          after,
          after.kept,
          after.lost,
        ];
      });
      app.get(`/regenerate-all/${way}`, async (request) => {
        await call(request, "regenerate", way);
        return [bag(request).n === undefined];
      });
      app.get(`/save/${way}`, async (request) => {
        bag(request).saved = way;
        const modified = bag(request).isModified();
        await call(request, "save", way);
        return [modified, bag(request).isModified(), bag(request).isSaved()];
      });
      app.get(`/reload/${way}`, async (request) => {
        bag(request).n = "dropped";
        await call(request, "reload", way);
        return [bag(request).n];
      });
      app.get(`/destroy/${way}`, async (request) => {
        await call(request, "destroy", way);
        return [Boolean(bag(request))];
      });
    }
    app.get("/touch", async (request) => [bag(request).touch()]);
    app.get("/null", async (request) => {
      Object.assign(request, { session: null });
      return [];
    });
  };

  test.each([
    ["fields", ["/count", "/count", "/get", "/ids", "/touch", "/null", "/count"]],
    ["regenerate by callback", ["/count", "/regenerate/callback", "/count", "/regenerate-all/callback", "/count"]],
    ["regenerate by promise", ["/count", "/regenerate/promise", "/count", "/regenerate-all/promise", "/count"]],
    ["save", ["/save/callback", "/save/promise", "/count"]],
    ["reload", ["/count", "/reload/callback", "/reload/promise", "/count"]],
    ["destroy by callback", ["/count", "/destroy/callback", "/count"]],
    ["destroy by promise", ["/count", "/destroy/promise", "/count"]],
  ])("%s", async (_, paths) => {
    const [mine, other] = [(await site(said)).ada, await theirs(said)];
    const answers = { mine: [] as unknown[], other: [] as unknown[] };
    for (const path of paths) {
      answers.mine.push(withoutCookies(await mine.json(path)));
      answers.other.push(withoutCookies(await other.json(path)));
    }
    expect(answers.mine).toEqual(answers.other);
    expect(answers.mine.join()).not.toContain("statusCode");
  });
});

/** How a cookie shows what it is made of is told by its own tests. */
function withoutCookies(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (name, value) => (name === "cookie" ? undefined : value));
}

describe("the guarantees", () => {
  test("a visitor of whom nothing is stored costs no access to the store, and gets no cookie", async () => {
    const { ada, stage } = await site((app) => app.get("/", async (request) => Object.keys(bag(request))));
    const answer = await ada.ask("/");
    expect([answer.body, answer.headers["set-cookie"], stage.calls]).toEqual(['["cookie"]', undefined, []]);
  });

  test("two requests that change different fields at the same time keep both", async () => {
    const { ada, stage } = await site((app) => {
      app.get("/", async (request) => ({ ...bag(request), cookie: undefined }));
      app.get("/set/:name", async (request) => {
        bag(request)[(request.params as { name: string }).name] = true;
        return "";
      });
    });
    await ada.ask("/set/first");
    const read = stage.hold("read");
    const slow = ada.ask("/set/slow");
    await read.reached;
    const update = stage.hold("update");
    await read.proceed();
    await update.reached;
    const quick = ada.ask("/set/quick");
    await update.proceed();
    await Promise.all([slow, quick]);
    expect(await ada.json("/")).toEqual({ first: true, slow: true, quick: true });
  });

  test("what was destroyed meanwhile stays destroyed: 409, without a cookie", async () => {
    let open = () => {};
    let reached = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const { ada, port } = await site((app) => {
      app.get("/count", count);
      app.get("/slow", async (request) => {
        reached();
        await gate;
        return count(request);
      });
      app.get("/out", async (request) => call(request, "destroy", "promise"));
    });
    await ada.ask("/count");
    const same = new Browser(port, ada.cookie);
    const slow = same.ask("/slow");
    await isReached;
    expect((await ada.ask("/out")).status).toBe(200);
    expect(ada.jar.size).toBe(0);
    open();
    const answer = await slow;
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([409, undefined]);
    expect(await same.json("/count")).toEqual({ n: 1 });
  });

  test("nothing leaves before it is stored; a failed save is a 503 without a cookie", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { ada, stage } = await site((app) => {
      app.get("/count", count);
      app.get("/go", async (request, reply) => {
        await count(request);
        return reply.redirect("/count");
      });
    });
    const create = stage.hold("create");
    let answered = false;
    const going = ada.ask("/go").finally(() => {
      answered = true;
    });
    await create.reached;
    expect(answered).toBe(false);
    await create.proceed();
    expect((await going).status).toBe(302);
    expect(await ada.json("/count")).toEqual({ n: 2 });
    const read = stage.hold("read");
    const failing = ada.ask("/count");
    await read.reached;
    await read.proceed();
    stage.down = true;
    const failed = await failing;
    expect(failed.status).toBe(503);
    expect(JSON.parse(failed.body)).toMatchObject({ statusCode: 503, code: "SESS_UNAVAILABLE" });
    expect(failed.headers["set-cookie"]).toBe(undefined);
  });

  test("a store that is down at read is a 503, and an error handler can look at the session", async () => {
    const { ada, stage, port } = await site((app) => {
      app.get("/count", count);
      app.setErrorHandler((error: Error & { status: number }, request, reply) => {
        reply.code(error.status).send(`a page for ${String(bag(request).n)}`);
      });
    });
    await ada.ask("/count");
    stage.down = true;
    expect(await new Browser(port, ada.cookie).ask("/count")).toMatchObject({
      status: 503,
      body: "a page for undefined",
    });
  });

  test("where the path of the cookie is another, nothing can be set", async () => {
    const { ada } = await site(
      (app) => {
        app.get("/app/count", count);
        app.get("/application", async (request) => Object.keys(bag(request)));
        app.get("/other", count);
      },
      { path: "/app" },
    );
    expect(await ada.json("/app/count")).toEqual({ n: 1 });
    expect(await ada.json("/application")).toEqual([]);
    expect(await ada.json("/other")).toMatchObject({ statusCode: 500, code: "SESS_UNSUPPORTED" });
  });

  test("another object in its place is a 500 and not lost in silence", async () => {
    const { ada } = await site((app) => {
      app.get("/", async (request) => {
        Object.assign(request, { session: { user: "ada" } });
        return "";
      });
    });
    expect(JSON.parse((await ada.ask("/")).body)).toMatchObject({ statusCode: 500, code: "SESS_VALUE" });
  });

  test("a session that is not stored, or has ended, cannot be reloaded", async () => {
    const { ada } = await site((app) => {
      app.get("/", async (request) => [await codeOf(call(request, "reload", "promise"))]);
    });
    expect(await ada.json("/")).toEqual(["SESS_GONE"]);
  });

  test("and what is set after a reload that failed is stored", async () => {
    const { ada } = await site((app) => {
      app.get("/", async (request) => {
        await codeOf(call(request, "reload", "promise"));
        bag(request).user = "ada";
        return [];
      });
      app.get("/user", async (request) => [bag(request).user]);
    });
    await ada.json("/");
    expect(await ada.json("/user")).toEqual(["ada"]);
  });

  test("regenerate keeps what another request has stored meanwhile in a field that is named, and drops the others", async () => {
    const { ada } = await site((app) => {
      app.get("/add/:item", async (request) => {
        const { item } = request.params as { item: string };
        bag(request).cart = [...((bag(request).cart as string[]) ?? []), item];
        bag(request)[item] = true;
        return [];
      });
      app.get("/new", async (request) => {
        (bag(request).own as string[] | undefined)?.push("changed in place");
        await ada.json("/add/milk");
        await call(request, "regenerate", "promise", ["cart", "own"]);
        return [];
      });
      app.get("/own", async (request) => {
        bag(request).own = ["first"];
        return [];
      });
      app.get("/", async (request) => ({ ...bag(request), cookie: undefined }));
    });
    await ada.json("/add/bread");
    await ada.json("/own");
    await ada.json("/new");
    expect(await ada.json("/")).toEqual({ cart: ["bread", "milk"], own: ["first", "changed in place"] });
  });
});

describe("the cookie", () => {
  const max = async (ada: Browser, path: string) => {
    const { headers } = await ada.ask(path);
    return /Max-Age=(\d+)/.exec(headers["set-cookie"]?.join() ?? "")?.[1];
  };
  const routes: Routes = (app) => {
    app.get("/count", count);
    app.get("/option", async (request) => {
      bag(request).options({ maxAge: 86_400_000, httpOnly: true });
      return count(request);
    });
    app.get("/new", async (request) => {
      await call(request, "regenerate", "promise", ["n"]);
      return [bag(request).cookie.originalMaxAge];
    });
    app.get("/new/all", async (request) => call(request, "regenerate", "promise", Object.keys(bag(request))));
    app.get("/own", async (request) => [bag(request).cookie.originalMaxAge]);
    app.get("/refused/:name", async (request) => {
      const { name } = request.params as { name: string };
      return [await codeOf((async () => bag(request).options({ [name]: "anything" }))())];
    });
  };

  test("options() gives a session its own lifetime, milliseconds; a new id keeps it with the field cookie", async () => {
    const { ada } = await site(routes);
    expect(await max(ada, "/option")).toBeDefined();
    expect(await ada.json("/own")).toEqual([86_400_000]);
    expect(await max(ada, "/new/all")).toBeDefined();
    expect(await ada.json("/own")).toEqual([86_400_000]);
    const anew = await ada.ask("/new");
    expect([anew.body, anew.headers["set-cookie"]?.join()]).toEqual(["[null]", expect.not.stringContaining("Max-Age")]);
    expect(await ada.json("/own")).toEqual([null]);
    expect(await ada.json("/count")).toEqual({ n: 2 });
  });

  test("what the Manager decides, and what its cookie has not, is refused", async () => {
    const { ada } = await site(routes);
    for (const name of ["path", "signed", "encode", "priority"]) {
      expect(await ada.json(`/refused/${name}`)).toEqual(["SESS_UNSUPPORTED"]);
    }
  });
});

describe("the plugin", () => {
  test("is known as @fastify/session to plugins that need that one", async () => {
    const dependent: FastifyPluginCallback = (_instance, _options, done) => done();
    const meta = { name: "dependent", dependencies: ["@fastify/session"] };
    Object.assign(dependent, { [Symbol.for("plugin-meta")]: meta });
    const { ada } = await site((app) => {
      app.register(dependent);
      app.get("/count", count);
    });
    expect(await ada.json("/count")).toEqual({ n: 1 });
  });

  test("takes a Manager and nothing else", async () => {
    const sessions = await new Stage().manager();
    const options = (given: object) => () => session(given as Parameters<typeof session>[0]);
    expect(options({ sessions, rolling: true })).toThrow(/option "rolling" is none of this middleware/);
    expect(options({})).toThrow(/must be a Manager/);
  });
});
