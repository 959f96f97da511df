import { createServer } from "node:http";
import { createRequire } from "node:module";
import Koa, { type Middleware } from "koa";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { session } from "../../src/koa-session/index.js";
import { Browser } from "../../test-support/express-session/express-sites.js";
import { codeOf, Stage } from "../../test-support/stage.js";
import { closeServers, listen } from "../../test-support/test-client.js";

const require = createRequire(import.meta.url);
const { createSession }: { createSession: (options: object, app: Koa) => Middleware } = require("koa-session");

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

interface Bag {
  [field: string]: unknown;
  readonly isNew: boolean;
  readonly externalKey: string;
  readonly length: number;
  readonly populated: boolean;
  maxAge: unknown;
  save(callback?: (error?: unknown) => void): Promise<void>;
  regenerate(callback?: (error?: unknown) => void): Promise<void>;
  manuallyCommit(): Promise<void>;
  toJSON(): object;
}
/** A context; in this repository two adapters say what `session` is. */
interface Context {
  readonly path: string;
  session: unknown;
  throw(status: number): never;
}
type Routes = Record<string, (ctx: Context, session: Bag) => unknown>;
const bag = (ctx: Context) => ctx.session as Bag;

const route =
  (routes: Routes): Middleware =>
  async (ctx) => {
    const answer = await routes[ctx.path.split("/")[1] ?? ""]?.(ctx as Context, bag(ctx as Context));
    if (answer !== undefined) ctx.body = answer;
  };

async function site(routes: Routes, config: ManagerConfig = {}) {
  const stage = new Stage();
  const sessions = await stage.manager({ cookieName: "sid", ...config });
  const app = new Koa();
  const errors: unknown[] = [];
  app.on("error", (error: Error & { code?: string }) => errors.push(error.code ?? error.message));
  app.use(session({ sessions }));
  app.use(route(routes));
  const port = await listen(createServer(app.callback()));
  return { stage, sessions, errors, port, ada: new Browser(port) };
}

/** The same routes over koa-session, with a store in memory. */
async function theirs(routes: Routes): Promise<Browser> {
  const kept = new Map<string, string>();
  const store = {
    get: async (key: string) => JSON.parse(kept.get(key) ?? "null"),
    set: async (key: string, fields: object) => void kept.set(key, JSON.stringify(fields)),
    destroy: async (key: string) => void kept.delete(key),
  };
  const app = new Koa();
  app.silent = true;
  app.keys = ["a secret"];
  app.use(createSession({ key: "sid", maxAge: "session", store }, app));
  app.use(route(routes));
  return new Browser(await listen(createServer(app.callback())));
}

const count = (_: Context, found: Bag) => {
  found.n = Number(found.n ?? 0) + 1;
  return { n: found.n };
};

describe("as with koa-session", () => {
  const said: Routes = {
    count,
    what: (_, found) => [found.isNew, found.populated, found.length, typeof found.externalKey, typeof found.maxAge],
    json: (ctx, found) => ({ json: JSON.parse(JSON.stringify(ctx.session)), all: found.toJSON(), n: "n" in found }),
    delete: (_, found) => {
      delete found.n;
      return [found.populated];
    },
    inside: (_, found) => {
      found.list ??= [];
      (found.list as number[]).push(1);
      return found.list;
    },
    end: (ctx) => {
      ctx.session = null;
      return [ctx.session];
    },
    replace: (ctx, before) => {
      ctx.session = { other: 1 };
      const after = bag(ctx);
      return [after === before, after, before.n, after.n];
    },
    again: (ctx) => {
      ctx.session = null;
      ctx.session = { again: true };
      return [ctx.session];
    },
    itself: (ctx) => {
      // biome-ignore lint/correctness/noSelfAssign: replaced by itself, its properties stay.
      ctx.session = ctx.session;
      return [ctx.session];
    },
    regenerate: async (ctx, found) => {
      const before = found.externalKey;
      await found.regenerate();
      return [bag(ctx).n, ctx.path === "/regenerate" && typeof before];
    },
    callback: (_, found) =>
      new Promise((resolve, reject) => {
        const returned = found.regenerate((error) => (error ? reject(error) : resolve([returned ?? "nothing"])));
      }),
    save: async (_, found) => {
      found.saved = true;
      await found.save();
      await found.manuallyCommit();
      return [found.saved];
    },
  };

  test.each([
    ["properties", ["/what", "/count", "/what", "/json", "/delete", "/what", "/json"]],
    ["a change inside an object", ["/inside", "/inside", "/inside"]],
    ["null ends it", ["/count", "/end", "/what", "/count"]],
    ["an object replaces it", ["/count", "/replace", "/json", "/count"]],
    ["null and then an object", ["/count", "/again", "/json"]],
    ["itself", ["/count", "/itself", "/json"]],
    ["regenerate", ["/count", "/regenerate", "/count", "/callback", "/count"]],
    ["save and manuallyCommit", ["/save", "/json"]],
  ])("%s", async (_, paths) => {
    const [mine, other] = [(await site(said)).ada, await theirs(said)];
    const answers = { mine: [] as unknown[], other: [] as unknown[] };
    for (const path of paths) {
      const [ours, known] = [await mine.ask(path), await other.ask(path)];
      answers.mine.push([ours.status, ours.body, mine.jar.has("sid")]);
      answers.other.push([known.status, known.body, other.jar.has("sid")]);
    }
    expect(answers.mine).toEqual(answers.other);
    expect(answers.mine.every((answer) => (answer as unknown[])[0] === 200)).toBe(true);
  });

  test.each(["regenerate", "callback"])("%s gives another id, and the old one opens no session", async (way) => {
    const { ada, port } = await site({ ...said, id: (_, found) => [found.externalKey] });
    await ada.ask("/count");
    const [before, old] = [await ada.json("/id"), ada.cookie];
    await ada.ask(`/${way}`);
    expect(await ada.json("/id")).not.toEqual(before);
    expect(await ada.json("/count")).toEqual({ n: 2 });
    expect(await new Browser(port, old).json("/json")).toMatchObject({ all: {} });
  });
});

describe("the guarantees", () => {
  test("a visitor of whom nothing is stored costs no access to the store, and gets no cookie", async () => {
    const { ada, stage } = await site({ "": (_, found) => [found.populated] });
    const answer = await ada.ask("/");
    expect([answer.body, answer.headers["set-cookie"], stage.calls]).toEqual(["[false]", undefined, []]);
  });

  test("two requests that change different properties at the same time keep both", async () => {
    const set: Routes = {
      set: (ctx, found) => {
        found[ctx.path.split("/")[2] ?? ""] = true;
        return "";
      },
      json: (_, found) => found.toJSON(),
    };
    const { ada, stage } = await site(set);
    await ada.ask("/set/first");
    const update = stage.hold("update");
    const slow = ada.ask("/set/slow");
    await update.reached;
    const read = stage.hold("read");
    const quick = ada.ask("/set/_quick");
    await read.reached;
    await read.proceed();
    await update.proceed();
    await Promise.all([slow, quick]);
    // One that begins with _ is kept too, which koa-session drops.
    expect(await ada.json("/json")).toEqual({ first: true, slow: true, _quick: true });
  });

  test("what was ended meanwhile stays ended: 409, without a cookie", async () => {
    let open = () => {};
    let reached = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const { ada, port, errors } = await site({
      count,
      slow: async (ctx, found) => {
        reached();
        await gate;
        return count(ctx, found);
      },
      out: (ctx) => {
        ctx.session = null;
        return "";
      },
    });
    await ada.ask("/count");
    const same = new Browser(port, ada.cookie);
    const slow = same.ask("/slow");
    await isReached;
    expect((await ada.ask("/out")).status).toBe(200);
    expect(ada.jar.size).toBe(0);
    open();
    const answer = await slow;
    expect([answer.status, answer.headers["set-cookie"], errors]).toEqual([409, undefined, ["SESS_GONE"]]);
    expect(await same.json("/count")).toEqual({ n: 1 });
  });

  test("nothing leaves before it is stored; a failed save is a 503 without a cookie", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { ada, stage, errors } = await site({ count });
    const create = stage.hold("create");
    let answered = false;
    const asking = ada.ask("/count").finally(() => {
      answered = true;
    });
    await create.reached;
    expect(answered).toBe(false);
    await create.proceed();
    expect((await asking).status).toBe(200);
    const read = stage.hold("read");
    const failing = ada.ask("/count");
    await read.reached;
    await read.proceed();
    stage.down = true;
    const failed = await failing;
    expect([failed.status, failed.headers["set-cookie"], errors]).toEqual([503, undefined, ["SESS_UNAVAILABLE"]]);
    expect((await ada.ask("/count")).status).toBe(503);
  });

  test("ctx.throw: a 4xx keeps what was changed, a 5xx does not", async () => {
    const { ada } = await site({
      count,
      throw: (ctx, found) => {
        found.n = "changed";
        ctx.throw(Number(ctx.path.split("/")[2]));
      },
    });
    await ada.ask("/count");
    expect((await ada.ask("/throw/502")).status).toBe(502);
    expect(await ada.json("/count")).toEqual({ n: 2 });
    expect((await ada.ask("/throw/401")).status).toBe(401);
    expect(await ada.json("/count")).toEqual({ n: null });
  });

  test("neither a function nor text in the place of the session is lost in silence", async () => {
    const { ada } = await site({
      "": async (ctx, found) => [
        await codeOf((async () => Reflect.set(ctx, "session", "text"))()),
        await codeOf((async () => Reflect.set(found, "run", () => {}))()),
      ],
    });
    expect(await ada.json("/")).toEqual(["SESS_VALUE", "SESS_VALUE"]);
  });
});

describe("maxAge", () => {
  const routes: Routes = {
    count,
    lasting: (ctx, found) => {
      found.maxAge = 86_400_000;
      return count(ctx, found);
    },
    session: (ctx, found) => {
      found.maxAge = "session";
      return count(ctx, found);
    },
    replaced: (ctx) => {
      ctx.session = { n: 5, maxAge: 86_400_000 };
      return "";
    },
    length: (ctx) => {
      ctx.session = { length: 5 };
    },
    refused: (ctx, found) => {
      found.n = 7;
      for (const wrong of [
        { a: 1, f() {} },
        { a: 1, save: "draft" },
      ]) {
        expect(() => {
          ctx.session = wrong;
        }).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
      }
      return { ...bag(ctx) };
    },
    ended: (_, found) => {
      found.maxAge = 0;
      return "";
    },
    own: (_, found) => [found.maxAge],
  };

  test("is the session's own lifetime, milliseconds, from the cookie on", async () => {
    const { ada } = await site(routes);
    expect((await ada.ask("/lasting")).headers["set-cookie"]?.join()).toMatch(/Max-Age=\d+/);
    expect(await ada.json("/own")).toEqual([86_400_000]);
  });

  test("an object that is refused changes nothing", async () => {
    const { ada } = await site(routes);
    expect(await ada.json("/refused")).toEqual({ n: 7 });
  });

  test("is taken from an object that replaces the session; what only the session has is refused", async () => {
    const { ada } = await site(routes);
    await ada.ask("/replaced");
    expect(await ada.json("/own")).toEqual([86_400_000]);
    expect((await ada.ask("/length")).status).toBe(500);
    expect(await ada.json("/count")).toEqual({ n: 6 });
  });

  test("is the Manager's otherwise, and an end that has come ends the session", async () => {
    const { ada } = await site(routes);
    await ada.ask("/session");
    expect(await ada.json("/own")).toEqual(["session"]);
    await ada.ask("/ended");
    expect(ada.jar.size).toBe(0);
    expect(await ada.json("/count")).toEqual({ n: 1 });
  });
});

test("takes a Manager and nothing else", async () => {
  const sessions = await new Stage().manager();
  const options = (given: object) => () => session(given as Parameters<typeof session>[0]);
  expect(options({ sessions, key: "koa.sess" })).toThrow(/option "key" is none of this middleware/);
  expect(options({})).toThrow(/must be a Manager/);
});
