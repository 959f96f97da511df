import type { Express, Request } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import { session } from "../../src/express-session/index.js";
import { createManager } from "../../src/manager/create-manager.js";
import { memory } from "../../src/memory/memory.js";
import { Browser, expressSession, secret, serve } from "../../test-support/express-session/express-sites.js";
import { Stage } from "../../test-support/stage.js";
import { type Answer, closeServers } from "../../test-support/test-client.js";

// The same application over express-session itself, with its MemoryStore, and over ours. What a client sees is the same,
// or it is in the table below with the reason.

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

type Bag = Record<string, unknown>;
/** Theirs reckons it from a time of day, and may be a millisecond short. */
const inSeconds = (milliseconds: number | null | undefined) => Math.round((milliseconds ?? 0) / 1000);
const bag = (req: Request) => req.session as unknown as Bag;

interface Site {
  readonly port: number;
  /** Has the store refuse every write from now on. */
  breakStore(): void;
}

interface Scenario {
  readonly unset?: "destroy";
  readonly maxAge?: number;
  routes(app: Express): void;
  steps(ada: Browser, site: Site): Promise<unknown>;
}

async function theirs({ unset, maxAge, routes }: Scenario): Promise<Site> {
  const store = new expressSession.MemoryStore();
  const cookie = maxAge === undefined ? {} : { maxAge };
  const options = { store, secret, name: "sid", resave: false, saveUninitialized: false, cookie };
  const port = await serve(expressSession({ ...options, unset }), routes);
  const breakStore = () => {
    store.set = (_id, _data, callback) => callback?.(new Error("down"));
  };
  return { port, breakStore };
}

async function ours({ unset, maxAge, routes }: Scenario): Promise<Site> {
  const stage = new Stage(memory());
  const lifetimes = maxAge === undefined ? {} : { cookieLifetime: maxAge / 1000, maxLifetime: maxAge / 1000 };
  const sessions = await createManager(stage, { cookieName: "sid", ...lifetimes });
  const port = await serve(session({ sessions, unset }), routes);
  const breakStore = () => {
    stage.largest = 0;
  };
  return { port, breakStore };
}

/** What a client makes of an answer: whether it got a cookie, lost it, or neither. */
function seen({ status, body, headers }: Answer): unknown[] {
  const line = headers["set-cookie"]?.find((each) => each.startsWith("sid="));
  const cookie = line === undefined ? "none" : line.startsWith("sid=;") ? "cleared" : "set";
  return [status, body, cookie];
}

const visit = async (ada: Browser, ...paths: string[]) => {
  const answers: unknown[] = [];
  for (const path of paths) answers.push(seen(await ada.ask(path)));
  return answers;
};

/** A gate in a handler: requests wait at it until as many have come. */
function meeting(count: number): () => Promise<void> {
  let arrived = 0;
  let open = () => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    arrived++;
    if (arrived === count) open();
    return all;
  };
}

const start = (app: Express) =>
  app.get("/start", (req, res) => {
    Object.assign(req.session, { a: 1, list: [1], text: "t", none: null, deep: { er: [{}] } });
    res.json(1);
  });
const read = (app: Express) => app.get("/read", (req, res) => void res.json({ ...bag(req), cookie: undefined }));

/** A new id, and something in the session that has it. */
const again = (app: Express) => {
  read(start(app)).get("/again", (req, res) => {
    req.session.regenerate(() => {
      bag(req).fresh = 1;
      res.json(1);
    });
  });
};

/** Sets one property to what a function makes, and shows what the next request finds. */
function keeping(value: () => unknown): Scenario {
  return {
    routes: (app) => {
      app.get("/keep", (req, res) => {
        bag(req).value = value();
        res.json(1);
      });
      app.get("/type", (req, res) => {
        const { value } = bag(req);
        res.json([Object.prototype.toString.call(value), value instanceof Map ? [...value] : value]);
      });
    },
    steps: async (ada) => {
      const [status, , cookie] = seen(await ada.ask("/keep"));
      return [status, cookie, (await ada.ask("/type")).body];
    },
  };
}

const same: Record<string, Scenario> = {
  "a counter": {
    routes: (app) => {
      app.get("/", (req, res) => {
        const session = bag(req);
        session.views = ((session.views as number | undefined) ?? 0) + 1;
        res.json(session.views);
      });
    },
    steps: async (ada) => visit(ada, "/", "/", "/"),
  },
  "a session that nobody writes to has no cookie": {
    routes: (app) => app.get("/", (req, res) => void res.json([Object.keys(req.session), typeof req.sessionID])),
    steps: (ada) => visit(ada, "/", "/"),
  },
  "nested changes, deletions, new properties": {
    routes: (app) => {
      read(start(app)).get("/change", (req, res) => {
        const session = bag(req);
        (session.list as number[]).push(2);
        (session.deep as { er: Bag[] }).er[0] = { x: 1 };
        delete session.text;
        session.fresh = true;
        res.json("text" in session);
      });
    },
    steps: (ada) => visit(ada, "/start", "/change", "/read"),
  },
  "keys, for in, in, spread, JSON, hasOwn, typeof": {
    routes: (app) => {
      start(app).get("/look", (req, res) => {
        const names: string[] = [];
        for (const name in req.session) names.push(name);
        const { cookie, ...rest } = JSON.parse(JSON.stringify(req.session)) as Bag;
        const own = ["a", "cookie", "missing", "toString"].map((name) => [
          Object.hasOwn(req.session, name),
          name in req.session,
        ]);
        const types = ["save", "reload", "regenerate", "destroy", "touch", "resetMaxAge", "id", "missing"].map(
          (name) => typeof bag(req)[name],
        );
        const entries = Object.entries(req.session).length;
        res.json([
          Object.keys(req.session),
          names,
          rest,
          typeof cookie,
          own,
          types,
          entries,
          Object.keys({ ...req.session }),
        ]);
      });
    },
    steps: (ada) => visit(ada, "/look", "/start", "/look"),
  },
  "regenerate: empty, another id, the old object keeps what it had": {
    routes: (app) => {
      read(start(app)).get("/again", (req, res) => {
        const [before, id] = [req.session as unknown as Bag, req.sessionID];
        req.session.regenerate((error) => {
          const now = bag(req);
          now.fresh = 1;
          res.json([
            error ?? null,
            Object.keys(now),
            before.a,
            before === now,
            id === req.sessionID,
            now.id === req.sessionID,
          ]);
        });
      });
    },
    steps: (ada) => visit(ada, "/start", "/again", "/read"),
  },
  "regenerate, and nothing is written to the new session": {
    routes: (app) => {
      start(app).get("/again", (req, res) => {
        req.session.regenerate(() => res.json(1));
      });
    },
    steps: (ada) => visit(ada, "/start", "/again"),
  },
  "a regenerated id opens no session": {
    routes: again,
    steps: async (ada, { port }) => {
      await ada.ask("/start");
      const thief = new Browser(port, ada.cookie);
      await ada.ask("/again");
      return visit(thief, "/read");
    },
  },
  "destroy: req.session is gone, and so is the session": {
    routes: (app) => {
      read(start(app)).get("/end", (req, res) => {
        req.session.destroy((error) => res.json([error ?? null, typeof req.session]));
      });
    },
    steps: async (ada) => {
      await ada.ask("/start");
      return [(await ada.ask("/end")).body, ...(await visit(ada, "/read"))];
    },
  },
  "writing to a destroyed session is the application's TypeError": {
    routes: (app) => {
      app.get("/", (req, res) => {
        req.session.destroy(() => {});
        bag(req).a = 1;
        res.end();
      });
    },
    steps: async (ada) => (await ada.ask("/")).status,
  },
  "save, then redirect": {
    routes: (app) => {
      read(app).get("/", (req, res) => {
        bag(req).a = 1;
        req.session.save((error) => res.redirect(error ? "/error" : "/read"));
      });
    },
    steps: (ada) => visit(ada, "/", "/read"),
  },
  "reload drops what was changed, and fails where nothing is stored": {
    routes: (app) => {
      start(app).get("/reload", (req, res) => {
        bag(req).a = 9;
        req.session.reload((error) => res.json([error instanceof Error, bag(req)?.a]));
      });
    },
    steps: async (ada, { port }) => [
      await visit(ada, "/start", "/reload"),
      (await new Browser(port).ask("/reload")).body.startsWith("[true"),
    ],
  },
  "touch and resetMaxAge answer the session": {
    routes: (app) =>
      app.get("/", (req, res) => {
        res.json([req.session.touch() === req.session, req.session.resetMaxAge() === req.session]);
      }),
    steps: (ada) => visit(ada, "/"),
  },
  "req.session = null: the changes are ignored": {
    routes: (app) => {
      read(start(app)).get("/null", (req, res) => {
        bag(req).a = 9;
        Object.assign(req, { session: null });
        res.json(1);
      });
    },
    steps: (ada) => visit(ada, "/null", "/start", "/null", "/read"),
  },
  "delete req.session": {
    routes: (app) => {
      read(start(app)).get("/delete", (req, res) => {
        bag(req).a = 9;
        delete (req as { session?: unknown }).session;
        res.json(1);
      });
    },
    steps: (ada) => visit(ada, "/start", "/delete", "/read"),
  },
  "unset: destroy": {
    unset: "destroy",
    routes: (app) => {
      read(start(app)).get("/null", (req, res) => {
        Object.assign(req, { session: null });
        res.json(1);
      });
    },
    steps: async (ada) => {
      await ada.ask("/start");
      return [(await ada.ask("/null")).body, ...(await visit(ada, "/read"))];
    },
  },
  "the cookie of a session with a maxAge": {
    maxAge: 60_000,
    routes: (app) => {
      start(app).get("/cookie", (req, res) => {
        const { cookie } = req.session;
        const left = (cookie.maxAge ?? 0) > 50_000 && (cookie.maxAge ?? 0) <= 60_000;
        const shown = JSON.parse(JSON.stringify(cookie)) as Bag;
        const { originalMaxAge, httpOnly, path } = cookie;
        res.json([
          left,
          inSeconds(originalMaxAge),
          cookie.expires instanceof Date,
          httpOnly,
          path,
          typeof shown.expires,
          shown.path,
        ]);
      });
    },
    steps: (ada) => visit(ada, "/cookie", "/start", "/cookie"),
  },
  "the cookie of a session without": {
    routes: (app) => {
      app.get("/", ({ session: { cookie } }, res) => {
        res.json([cookie.maxAge ?? null, cookie.originalMaxAge ?? null, cookie.expires ?? null]);
      });
    },
    steps: (ada) => visit(ada, "/"),
  },
  "a maxAge set as the session begins": {
    routes: (app) => {
      app.get("/", (req, res) => {
        req.session.cookie.maxAge = 120_000;
        bag(req).a = 1;
        res.json(1);
      });
      app.get("/cookie", (req, res) => void res.json(inSeconds(req.session.cookie.originalMaxAge)));
    },
    steps: (ada) => visit(ada, "/", "/cookie"),
  },
  "properties copied from one session to the next": {
    routes: (app) => {
      read(start(app)).get("/", (req, res) => {
        const before = req.session;
        req.session.regenerate(() => {
          for (const name in before) bag(req)[name] = (before as unknown as Bag)[name];
          res.json(1);
        });
      });
    },
    steps: (ada) => visit(ada, "/start", "/", "/read"),
  },
  "a cookie that nobody gave out": {
    routes: (app) => read(app),
    steps: async (_, { port }) =>
      Promise.all(
        ["sid=", "sid=x", "sid=s%3Ax.y", `sid=${"A".repeat(43)}`].map((cookie) =>
          visit(new Browser(port, cookie), "/read"),
        ),
      ),
  },
  "what JSON knows": keeping(() => ({ a: [1, "x", null, true, { b: -1.5e-7 }], "": "", ü: "\ud83d\ude00" })),
  "undefined is no property in the next request": keeping(() => undefined),
};

interface Difference {
  readonly scenario: Scenario;
  readonly theirs: unknown;
  readonly ours: unknown;
  readonly reason: string;
}

const slowWrite: Scenario = {
  routes: (app) => {
    const both = meeting(2);
    const ended = meeting(2);
    read(start(app)).get("/slow", async (req, res) => {
      bag(req).late = 1;
      await both();
      await ended();
      res.json(1);
    });
    app.get("/end", async (req, res) => {
      await both();
      req.session.destroy(() => {
        void ended();
        res.json(1);
      });
    });
  },
  steps: async (ada, { port }) => {
    await ada.ask("/start");
    const other = new Browser(port, ada.cookie);
    const slow = new Browser(port, ada.cookie);
    const answers = await Promise.all([slow.ask("/slow"), ada.ask("/end")]);
    return [answers[0].status, (await other.ask("/read")).body !== "{}"];
  },
};

const differences: Record<string, Difference> = {
  "two requests that change different properties": {
    scenario: {
      routes: (app) => {
        const both = meeting(2);
        for (const name of ["x", "y"]) {
          app.get(`/${name}`, async (req, res) => {
            bag(req)[name] = 1;
            await both();
            res.json(1);
          });
        }
        read(start(app));
      },
      steps: async (ada) => {
        await ada.ask("/start");
        await Promise.all([ada.ask("/x"), ada.ask("/y")]);
        const { x, y } = (await ada.json("/read")) as Bag;
        return [x, y].filter((each) => each === 1).length;
      },
    },
    theirs: 1,
    ours: 2,
    reason: "no lost update",
  },
  "a slow request that writes to a session that was destroyed meanwhile": {
    scenario: slowWrite,
    theirs: [200, true],
    ours: [409, false],
    reason: "no resurrection: what was signed out stays signed out",
  },
  "a write with an id that was regenerated": {
    scenario: {
      routes: again,
      steps: async (ada, { port }) => {
        await ada.ask("/start");
        const late = new Browser(port, ada.cookie);
        await ada.ask("/again");
        const [status, , cookie] = seen(await late.ask("/start"));
        return [status, cookie];
      },
    },
    theirs: [200, "set"],
    ours: [409, "none"],
    reason: "an answer that is late must not overwrite the newer cookie; the client has that by then, and tries again",
  },
  "a store that refuses the save": {
    scenario: {
      routes: (app) => {
        start(app).get("/more", (req, res) => {
          bag(req).more = 1;
          res.json(1);
        });
      },
      steps: async (ada, site) => {
        await ada.ask("/start");
        site.breakStore();
        return (await ada.ask("/more")).status;
      },
    },
    theirs: 200,
    ours: 500,
    reason:
      "saved before seen: a failed save is a failed response (503 when the store is down, 500 when it is too large)",
  },
  "changes of a request that answers 5xx": {
    scenario: {
      routes: (app) => {
        read(start(app)).get("/fail", (req, res) => {
          bag(req).a = 9;
          res.status(500).json(1);
        });
      },
      steps: async (ada) => {
        await visit(ada, "/start", "/fail");
        return ((await ada.json("/read")) as Bag).a;
      },
    },
    theirs: 9,
    ours: 1,
    reason: "a request that failed leaves nothing half done; what must stay is save()d",
  },
  "the cookie after destroy": {
    scenario: {
      routes: (app) => {
        start(app).get("/end", (req, res) => {
          req.session.destroy(() => res.json(1));
        });
      },
      steps: (ada) => visit(ada, "/start", "/end"),
    },
    theirs: [
      [200, "1", "set"],
      [200, "1", "none"],
    ],
    ours: [
      [200, "1", "set"],
      [200, "1", "cleared"],
    ],
    reason: "a browser keeps no cookie that leads nowhere",
  },
  "a maxAge changed later": {
    scenario: {
      maxAge: 60_000,
      routes: (app) => {
        start(app).get("/longer", (req, res) => {
          req.session.cookie.maxAge = 120_000;
          bag(req).a = 2;
          res.json(1);
        });
        app.get("/cookie", (req, res) => void res.json(inSeconds(req.session.cookie.originalMaxAge)));
      },
      steps: async (ada) => (await visit(ada, "/start", "/longer", "/cookie")).slice(1),
    },
    theirs: [
      [200, "1", "set"],
      [200, "120", "none"],
    ],
    ours: [
      [200, "1", "none"],
      [200, "60", "none"],
    ],
    reason: "only a new id sends a cookie: set it before req.login() or regenerate(), which carry it over",
  },
  "a Date": {
    scenario: keeping(() => new Date(5)),
    theirs: [200, "set", '["[object String]","1970-01-01T00:00:00.005Z"]'],
    ours: [200, "set", '["[object Date]","1970-01-01T00:00:00.005Z"]'],
    reason: "what comes back is what went in",
  },
  "a Map": {
    scenario: keeping(() => new Map([[1, 2]])),
    theirs: [200, "set", '["[object Object]",{}]'],
    ours: [200, "set", '["[object Map]",[[1,2]]]'],
    reason: "what comes back is what went in",
  },
  "a function": {
    scenario: keeping(() => () => 1),
    theirs: [200, "none", '["[object Undefined]",null]'],
    ours: [500, "none", '["[object Undefined]",null]'],
    reason: "what cannot be kept is refused where it is assigned, not dropped in silence",
  },
  "an instance of a class": {
    scenario: keeping(
      () =>
        new (class Cart {
          items = 1;
        })(),
    ),
    theirs: [200, "set", '["[object Object]",{"items":1}]'],
    ours: [500, "none", '["[object Undefined]",null]'],
    reason: "it would come back without its class; store a plain object, or an id as String(id)",
  },
  "undefined, in the same request": {
    scenario: {
      routes: (app) =>
        app.get("/", (req, res) => {
          bag(req).value = undefined;
          res.json("value" in req.session);
        }),
      steps: async (ada) => (await ada.ask("/")).body,
    },
    theirs: "true",
    ours: "false",
    reason: "to set undefined is to delete",
  },
  "what proxies and caches are told": {
    scenario: {
      routes: (app) => start(app),
      steps: async (ada) => {
        const { headers } = await ada.ask("/start");
        return [headers.vary, headers["cache-control"], /SameSite=(\w+)/.exec(String(headers["set-cookie"]))?.[1]];
      },
    },
    theirs: [undefined, undefined, undefined],
    ours: ["Cookie", "no-store", "Lax"],
    reason: "nobody else is served somebody's cookie, and no other site's form sends it",
  },
  "what is in the cookie": {
    scenario: {
      routes: (app) => start(app),
      steps: async (ada) => {
        await ada.ask("/start");
        return (ada.jar.get("sid") ?? "").replace(/[\w-]{40,}/, "ID").replace(/ID\..*/, "ID.SIGNATURE");
      },
    },
    theirs: expect.stringMatching(/^s%3A/),
    ours: "ID",
    reason: "256 random bits need no signature (decision 002)",
  },
  "req.session.cookie replaced": {
    scenario: {
      routes: (app) =>
        app.get("/", (req, res) => {
          Object.assign(req.session, { cookie: {}, n: 1 });
          res.json(1);
        }),
      steps: async (ada) => (await ada.ask("/")).status,
    },
    theirs: 200,
    ours: 500,
    reason: "the cookie is the Manager's; theirs sends one without Path and HttpOnly",
  },
  "a property that is not enumerable": {
    scenario: {
      routes: (app) => {
        read(app).get("/", (req, res) => {
          Object.defineProperty(req.session, "hidden", { value: 1, configurable: true });
          Object.assign(req.session, { n: 1 });
          res.json(1);
        });
      },
      steps: async (ada) => {
        await ada.ask("/");
        return ada.json("/read");
      },
    },
    theirs: { n: 1 },
    ours: { hidden: 1, n: 1 },
    reason: "each property is a field, and every field is stored",
  },
  "req.sessionID assigned": {
    scenario: {
      routes: (app) =>
        app.get("/", (req, res) => {
          Object.assign(req, { sessionID: "chosen" });
          res.json(1);
        }),
      steps: async (ada) => (await ada.ask("/")).status,
    },
    theirs: 200,
    ours: 500,
    reason: "nobody but the system's random generator chooses an id",
  },
  "what reload of nothing says": {
    scenario: {
      routes: (app) =>
        app.get("/", (req, res) => {
          req.session.reload((error: Error & { code?: string }) => res.json([error.message, error.code ?? null]));
        }),
      steps: async (ada) => (await ada.ask("/")).body,
    },
    theirs: '["failed to load session",null]',
    ours: '["there is no such session: not stored, ended, or under a new id","SESS_GONE"]',
    reason: "errors are told apart by their code",
  },
  "a change after the answer": {
    scenario: {
      routes: (app) => {
        let over = () => {};
        const changed = new Promise<void>((resolve) => {
          over = resolve;
        });
        start(app).get("/", (req, res) => {
          res.on("close", () => {
            bag(req).a = 9;
            setImmediate(() => setImmediate(over));
          });
          res.json(1);
        });
        app.get("/after", async (req, res) => {
          await changed;
          req.session.reload(() => res.json(bag(req).a));
        });
      },
      steps: async (ada) => (await visit(ada, "/start", "/", "/after")).at(-1),
    },
    theirs: [200, "1", "none"],
    ours: [200, "9", "none"],
    reason: "nothing is lost in silence: it is stored by itself",
  },
  "req.sessionStore": {
    scenario: {
      routes: (app) => app.get("/", (req, res) => void res.json("sessionStore" in req)),
      steps: async (ada) => (await ada.ask("/")).body,
    },
    theirs: "true",
    ours: "false",
    reason: "the Manager is it: load(id), exists(id), destroyOwned(owner)",
  },
};

describe("the same", () => {
  test.each(Object.entries(same))("%s", async (_, scenario) => {
    const seenThere = await scenario.steps(...(await at(theirs, scenario)));
    expect(await scenario.steps(...(await at(ours, scenario)))).toEqual(seenThere);
  });
});

describe("different on purpose", () => {
  test.each(Object.entries(differences))("%s", async (_, { scenario, theirs: there, ours: here }) => {
    expect(await scenario.steps(...(await at(theirs, scenario)))).toEqual(there);
    expect(await scenario.steps(...(await at(ours, scenario)))).toEqual(here);
  });
});

async function at(make: (scenario: Scenario) => Promise<Site>, scenario: Scenario): Promise<[Browser, Site]> {
  const site = await make(scenario);
  return [new Browser(site.port), site];
}
