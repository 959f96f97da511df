import { inspect } from "node:util";
import type { Request } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import { session } from "../../src/express-session/index.js";
import { Browser, expresses, serve } from "../../test-support/express-session/express-sites.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers } from "../../test-support/test-client.js";

declare module "../../src/express-session/index.js" {
  interface SessionData {
    views: number;
    cart: string[];
    nested: { list: number[] };
    a: number;
    b: number;
    when: Date;
    anything: unknown;
  }
}

afterEach(async () => {
  clock = Date.now;
  late = 0;
  vi.restoreAllMocks();
  await closeServers();
});

async function site(routes: Parameters<typeof serve>[1], stage = new Stage()) {
  const sessions = await stage.manager({ cookieName: "sid", now: () => clock() });
  const port = await serve(session({ sessions }), routes);
  return { stage, sessions, port };
}

// A store that fails is asked again for five seconds: with the store down, each look at the clock takes six.
let late = 0;
let clock = Date.now;
function fail(stage: Stage, down: boolean): void {
  stage.down = down;
  clock = () => {
    if (stage.down) late += 6000;
    return Date.now() + late;
  };
}

const done = (req: Request, name: "save" | "regenerate" | "destroy" | "reload") =>
  new Promise<unknown>((resolve) => req.session[name](resolve));

describe("reading and writing", () => {
  test("a property is stored with the response, and a nested change, and a deletion", async () => {
    const { port } = await site((app) => {
      app.get("/write", (req, res) => {
        req.session.views = (req.session.views ?? 0) + 1;
        req.session.nested ??= { list: [] };
        req.session.nested.list.push(req.session.views);
        res.json(req.session.nested.list);
      });
      app.get("/drop", (req, res) => {
        delete req.session.nested;
        res.json("nested" in req.session);
      });
      app.get("/read", (req, res) => void res.json(Object.keys(req.session)));
    });
    const ada = new Browser(port);
    expect(await ada.json("/write")).toEqual([1]);
    expect(await ada.json("/write")).toEqual([1, 2]);
    expect(await ada.json("/drop")).toBe(false);
    expect(await ada.json("/read")).toEqual(["cookie", "views"]);
  });

  test("without a cookie of the right shape the store is not asked", async () => {
    const { stage, port } = await site((app) => app.get("/", (req, res) => void res.json(req.session.views ?? null)));
    for (const cookie of [undefined, "sid=", "sid=short", "sid=s%3Aold.signature", `other=${"A".repeat(43)}`]) {
      expect((await ask(port, "/", { cookie })).body).toBe("null");
    }
    expect(stage.calls).toEqual([]);
    await ask(port, "/", { cookie: `sid=${"A".repeat(43)}` });
    expect(stage.calls).toEqual(["read"]);
  });

  test("what is assigned again and is no change writes nothing", async () => {
    const { stage, port } = await site((app) => {
      app.get("/", (req, res) => {
        req.session.views = 1;
        req.session.cart = req.session.cart ?? [];
        res.end();
      });
    });
    const ada = new Browser(port);
    await ada.ask("/");
    await ada.ask("/");
    expect(stage.calls).toEqual(["create", "read"]);
  });

  test("a Date stays a Date", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        const before = req.session.when;
        req.session.when = new Date(5);
        res.json(before instanceof Date ? before.getTime() : null);
      });
    });
    const ada = new Browser(port);
    expect(await ada.json("/")).toBe(null);
    expect(await ada.json("/")).toBe(5);
  });

  test("what cannot be kept is refused where it is assigned, with where and why", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        const codes = [() => {}, new (class Cart {})(), Symbol("s")].map((value) => {
          try {
            req.session.anything = value;
          } catch (error) {
            return (error as { code: string }).code;
          }
          return "kept";
        });
        res.json(codes);
      });
    });
    expect(await new Browser(port).json("/")).toEqual(["SESS_VALUE", "SESS_VALUE", "SESS_VALUE"]);
  });

  test("names that every object has are properties like others once they are set", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        const session = req.session as unknown as Record<string, unknown>;
        const before = [typeof session.toString, "constructor" in session];
        Reflect.set(session, "toString", "text");
        Reflect.set(session, "__proto__", 1);
        res.json([before, session.toString, Object.keys(req.session), Object.getPrototypeOf(session) === 1]);
      });
    });
    expect(await new Browser(port).json("/")).toEqual([
      ["function", true],
      "text",
      ["cookie", "toString", "__proto__"],
      false,
    ]);
  });

  test("its methods and its id cannot be hidden by properties", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        const names = ["id", "save", "regenerate", "destroy", "reload", "touch", "resetMaxAge"];
        res.json(names.map((name) => Reflect.set(req.session, name, 1)));
      });
    });
    expect(new Set((await new Browser(port).json("/")) as boolean[])).toEqual(new Set([false]));
  });

  test("inspect shows what is in it, and no id", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        req.session.views = 7;
        res.json([inspect(req.session), req.session.id, inspect({ deep: { req: { session: req.session } } })]);
      });
    });
    const [text, id, deep] = (await new Browser(port).json("/")) as [string, string, string];
    expect(text).toMatch(/^Session \{\s+cookie: [\s\S]+views: 7\s+\}$/);
    expect(text).not.toContain(id);
    expect(deep).not.toContain(id);
  });
});

describe("parallel requests", () => {
  test.each([
    ["a", "b"],
    ["b", "a"],
  ])("that change different properties lose nothing: %s is stored first", async (first, second) => {
    const stage = new Stage();
    const two = new Stage(stage);
    const one = await stage.manager({ cookieName: "sid" });
    const routes: Parameters<typeof serve>[1] = (app) => {
      app.get("/a", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/b", (req, res) => {
        req.session.b = 2;
        res.end();
      });
      app.get("/start", (req, res) => {
        req.session.views = 1;
        res.end();
      });
      app.get("/all", (req, res) => void res.json({ ...req.session, cookie: undefined }));
    };
    const ports = [
      await serve(session({ sessions: one }), routes),
      await serve(session({ sessions: await two.manager({ cookieName: "sid" }) }), routes),
    ] as const;
    const ada = new Browser(ports[0]);
    await ada.ask("/start");
    // Both have loaded, and neither is stored: then the one, then the other.
    const held = [stage.hold("update"), two.hold("update")] as const;
    const [left, right] = first === "a" ? ([0, 1] as const) : ([1, 0] as const);
    const answers = [ask(ports[left], `/${first}`, { cookie: ada.cookie }), undefined] as const;
    await held[left].reached;
    const other = ask(ports[right], `/${second}`, { cookie: ada.cookie });
    await held[right].reached;
    await held[left].proceed();
    await answers[0];
    await held[right].proceed();
    await other;
    expect(await ada.json("/all")).toEqual({ views: 1, a: 1, b: 2 });
  });
});

describe("the methods", () => {
  test("save stores now; a failure goes to its callback, or becomes the response where there is none", async () => {
    const { stage, port } = await site((app) => {
      app.get("/", async (req, res) => {
        req.session.views = 1;
        res.json([String(await done(req, "save")), stage.calls.length]);
      });
      app.get("/fail", async (req, res) => {
        fail(stage, true);
        req.session.views = 2;
        const code = ((await done(req, "save")) as { code: string }).code;
        fail(stage, false);
        res.json(code);
      });
      app.get("/unheard", (req, res) => {
        fail(stage, true);
        req.session.views = 3;
        req.session.save();
        res.json("sent");
      });
    });
    const ada = new Browser(port);
    expect(await ada.json("/")).toEqual(["undefined", 1]);
    expect(await ada.json("/fail")).toBe("SESS_UNAVAILABLE");
    expect((await ada.ask("/unheard")).status).toBe(503);
  });

  test("regenerate: an empty session under a new id; the object from before keeps what it had", async () => {
    const { sessions, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.cart = ["bread"];
        res.json(req.sessionID);
      });
      app.get("/again", async (req, res) => {
        const before = req.session;
        const id = req.sessionID;
        const error = await done(req, "regenerate");
        before.cart?.push("milk");
        before.views = 9;
        res.json([String(error), Object.keys(req.session), before.cart, before.id === id, req.session.id !== id]);
      });
      app.get("/read", (req, res) => void res.json({ ...req.session, cookie: undefined }));
    });
    const ada = new Browser(port);
    const id = (await ada.json("/start")) as string;
    expect(await ada.json("/again")).toEqual(["undefined", ["cookie"], ["bread", "milk"], true, true]);
    expect(await ada.json("/read")).toEqual({});
    expect(await sessions.exists(id)).toBe(false);
  });

  test("regenerate leaves behind what a parallel request stored meanwhile", async () => {
    const { sessions, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.json(req.sessionID);
      });
      app.get("/again", async (req, res) => {
        const other = await sessions.load(req.sessionID);
        other?.set("b", 2);
        await other?.release();
        await done(req, "regenerate");
        res.json(Object.keys(req.session));
      });
      app.get("/read", (req, res) => void res.json(Object.keys(req.session)));
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await ada.json("/again")).toEqual(["cookie"]);
    expect(await ada.json("/read")).toEqual(["cookie"]);
  });

  test("a regenerate that failed leaves the session as it was", async () => {
    const { stage, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/again", async (req, res) => {
        fail(stage, true);
        const error = (await done(req, "regenerate")) as { code: string };
        fail(stage, false);
        res.json([error.code, req.session.a]);
      });
      app.get("/read", (req, res) => void res.json(req.session.a ?? null));
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await ada.json("/again")).toEqual(["SESS_UNAVAILABLE", 1]);
    expect(await ada.json("/read")).toBe(1);
  });

  test("reload: the session as it is stored, without what was changed here", async () => {
    const { sessions, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/reload", async (req, res) => {
        req.session.a = 5;
        const other = await sessions.load(req.sessionID);
        other?.set("b", 2);
        await other?.release();
        const error = await done(req, "reload");
        res.json([String(error), { ...req.session, cookie: undefined }]);
      });
      app.get("/none", async (req, res) => void res.json(String(await done(req, "reload"))));
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await ada.json("/reload")).toEqual(["undefined", { a: 1, b: 2 }]);
    expect(await new Browser(port).json("/none")).toMatch(/no such session/);
  });

  test("destroy: req.session is gone at once, the session with the callback, the cookie with the response", async () => {
    const { sessions, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.json(req.sessionID);
      });
      app.get("/end", (req, res) => {
        req.session.destroy((error) => res.json([String(error), String(req.session)]));
        expect(req.session).toBe(undefined);
      });
    });
    const ada = new Browser(port);
    const id = (await ada.json("/start")) as string;
    expect(await ada.json("/end")).toEqual(["undefined", "undefined"]);
    expect(ada.cookie).toBe("");
    expect(await sessions.exists(id)).toBe(false);
  });

  test.each(["regenerate", "save", "reload"] as const)(
    "after destroy, a late %s of the old object fails, and brings nothing back",
    async (method) => {
      const { sessions, port } = await site((app) => {
        app.get("/start", (req, res) => {
          req.session.a = 1;
          res.end();
        });
        app.get("/end", async (req, res) => {
          const old = req.session;
          await done(req, "destroy");
          const error = await new Promise<unknown>((resolve) => old[method](resolve));
          old.a = 2;
          res.json([(error as { code: string }).code, typeof req.session]);
        });
      });
      const ada = new Browser(port);
      await ada.ask("/start");
      expect(await ada.json("/end")).toEqual(["SESS_GONE", "undefined"]);
      expect(await sessions.count()).toBe(0);
    },
  );

  // Which of the two is asked for first, and a store that holds the first of them until both are.
  test.each([
    ["regenerate", "destroy"],
    ["reload", "destroy"],
    ["destroy", "regenerate"],
    ["destroy", "reload"],
  ] as const)("%s and then %s, without waiting: no session is left that refuses changes", async (first, second) => {
    const { stage, sessions, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/both", async (req, res) => {
        const old = req.session;
        const held = stage.hold(first === "regenerate" ? "create" : first === "reload" ? "read" : "update");
        const both = [first, second].map((name) => new Promise((resolve) => old[name](resolve)));
        await held.reached;
        await held.proceed();
        await Promise.all(both);
        res.json(typeof req.session);
      });
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await ada.json("/both")).toBe("undefined");
    expect([await sessions.count(), ada.cookie]).toEqual([0, ""]);
  });

  test("a destroy that failed may be followed by a regenerate", async () => {
    const { stage, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/end", async (req, res) => {
        const old = req.session;
        fail(stage, true);
        const error = (await done(req, "destroy")) as { code: string };
        fail(stage, false);
        await new Promise((resolve) => old.regenerate(resolve));
        req.session.b = 2;
        res.json(error.code);
      });
      app.get("/read", (req, res) => void res.json({ ...req.session, cookie: undefined }));
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await ada.json("/end")).toBe("SESS_UNAVAILABLE");
    expect(await ada.json("/read")).toEqual({ b: 2 });
  });

  test("a failed sign-out without a callback is not answered 200", async () => {
    const { stage, port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/end", (req, res) => {
        fail(stage, true);
        req.session.destroy();
        res.end("signed out");
      });
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect((await ada.ask("/end")).status).toBe(503);
  });

  test("touch and resetMaxAge answer the session", async () => {
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        res.json([req.session.touch() === req.session, req.session.resetMaxAge() === req.session]);
      });
    });
    expect(await new Browser(port).json("/")).toEqual([true, true]);
  });
});

describe("errors", () => {
  test.each(expresses)(
    "%s: a session that cannot be loaded is an error of status 503, passed on",
    async (_, create) => {
      const stage = new Stage();
      const sessions = await stage.manager({ cookieName: "sid" });
      const handler = vi.fn();
      const port = await serve(
        session({ sessions }),
        (app) => app.get("/", handler),
        () => create(),
      );
      fail(stage, true);
      expect((await ask(port, "/", { cookie: `sid=${"A".repeat(43)}` })).status).toBe(503);
      expect(handler).not.toHaveBeenCalled();
    },
  );

  test("a 5xx stores none of the request's changes", async () => {
    const { stage, port } = await site((app) => {
      app.get("/", (req, res) => {
        req.session.a = 1;
        res.status(500).end();
      });
    });
    expect((await new Browser(port).ask("/")).headers["set-cookie"]).toBe(undefined);
    expect(stage.calls).toEqual([]);
  });

  test("another object in the place of req.session would not be stored, and is no answer of 200", async () => {
    const { port } = await site((app) => {
      app.get("/start", (req, res) => {
        req.session.a = 1;
        res.end();
      });
      app.get("/replace", (req, res) => {
        Object.assign(req, { session: { a: 2 } });
        res.end();
      });
      app.get("/wrap", (req, res) => {
        req.session = new Proxy(req.session, {});
        req.session.b = 2;
        res.end();
      });
      app.get("/read", (req, res) => void res.json({ ...req.session, cookie: undefined }));
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect((await ada.ask("/replace")).status).toBe(500);
    expect((await ada.ask("/wrap")).status).toBe(200);
    expect(await ada.json("/read")).toEqual({ a: 1, b: 2 });
  });

  test("a callback that throws is the application's own uncaught error", async () => {
    const thrown = new Error("of the callback");
    const caught = new Promise((resolve) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of listeners) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    const { port } = await site((app) => {
      app.get("/", (req, res) => {
        req.session.save(() => {
          res.end();
          throw thrown;
        });
      });
    });
    await new Browser(port).ask("/");
    expect(await caught).toBe(thrown);
  });
});
