import { request } from "node:http";
import type { Express } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Browser, type MemoryStore } from "../../test-support/express-session/express-sites.js";
import {
  bag,
  type Cookie,
  cookieOf,
  ours,
  type Routes,
  theirs,
} from "../../test-support/express-session/side-by-side.js";
import { closeServers } from "../../test-support/test-client.js";

// More of differential.test.ts: when a client hears, and of its cookie. Every difference with its reason.

afterEach(async () => {
  vi.useRealTimers();
  await closeServers();
});

interface Scenario {
  readonly cookie?: Cookie;
  readonly routes: Routes;
  steps(ada: Browser): Promise<unknown>;
}

const writes = (app: Express) =>
  app.get("/write", (req, res) => {
    bag(req).n = Number(bag(req).n ?? 0) + 1;
    res.end();
  });

/** Only time of day: sockets and their timers go on as they are. */
function later(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

const differences: Record<string, Scenario & { theirs: unknown; ours: unknown; reason: string }> = {
  "a change later, where the cookie has a lifetime": {
    cookie: { maxAge: 60_000 },
    routes: writes,
    steps: async (ada) => {
      await ada.ask("/write");
      later(30_000);
      return cookieOf(ada, "/write");
    },
    theirs: [60, false],
    ours: "none",
    reason: "only a new id sends the cookie, and its Max-Age is 400 days: the server keeps the end",
  },
  "cookie.maxAge in a later request": {
    cookie: { maxAge: 60_000 },
    routes: (app) => writes(app).get("/left", (req, res) => void res.json(req.session.cookie.maxAge)),
    steps: async (ada) => {
      await ada.ask("/write");
      later(30_000);
      return Math.round(((await ada.json("/left")) as number) / 1000);
    },
    theirs: 30,
    ours: 60,
    reason: "the session has been prolonged by this very request",
  },
  "how the cookie says when it ends": {
    cookie: { maxAge: 60_000 },
    routes: writes,
    steps: async (ada) => {
      const [line = ""] = (await ada.ask("/write")).headers["set-cookie"] ?? [];
      return ["Expires=", "Max-Age="].filter((name) => line.includes(name));
    },
    theirs: ["Expires="],
    ours: ["Max-Age="],
    reason: "Max-Age has precedence, and does not depend on the client's clock (RFC 6265, section 5.3)",
  },
  "Secure over plain HTTP": {
    cookie: { secure: true },
    routes: writes,
    steps: (ada) => cookieOf(ada, "/write"),
    theirs: "none",
    ours: [0, true],
    reason: "it is sent, and a warning says why the browser drops it; on localhost browsers keep it",
  },
  "an attribute of one session's cookie": {
    routes: (app) =>
      app.get("/path", (req, res) => {
        req.session.cookie.path = "/path";
        bag(req).n = 1;
        res.end();
      }),
    steps: (ada) => cookieOf(ada, "/path"),
    theirs: [0, false],
    ours: 500,
    reason: "the cookie is the Manager's, and must be cleared as it was set",
  },
  "cookie.expires = false, where the cookie has a lifetime": {
    cookie: { maxAge: 60_000 },
    routes: (app) =>
      app.get("/until-closed", (req, res) => {
        req.session.cookie.expires = false;
        bag(req).n = 1;
        res.end();
      }),
    steps: (ada) => cookieOf(ada, "/until-closed"),
    theirs: [0, false],
    ours: 500,
    reason:
      "a lifetime cannot be taken away: leave cookieLifetime at 0 and give a maxAge to who wants to be remembered",
  },
};

describe("different on purpose", () => {
  test.each(Object.entries(differences))("%s", async (_, { routes, cookie, steps, theirs: there, ours: here }) => {
    expect(await steps(new Browser((await theirs(routes, cookie)).port))).toEqual(there);
    vi.useRealTimers();
    expect(await steps(new Browser((await ours(routes, cookie)).port))).toEqual(here);
  });
});

describe("the same", () => {
  test("cookie.expires = false, and maxAge = null, where the cookie has none", async () => {
    const routes = (app: Express) =>
      app.get("/", (req, res) => {
        req.session.cookie.expires = false;
        req.session.cookie.maxAge = null;
        bag(req).n = 1;
        res.end();
      });
    expect(await cookieOf(new Browser((await ours(routes)).port), "/")).toEqual(
      await cookieOf(new Browser((await theirs(routes)).port), "/"),
    );
  });
});

describe("when a redirect reaches the client", () => {
  const routes = (app: Express) =>
    app.get("/go", (req, res) => {
      bag(req).n = 1;
      res.redirect("/there");
    });

  /** Resolves when the head of the answer is there. */
  const head = (port: number) =>
    new Promise<void>((resolve, reject) => {
      const asking = request({ port, host: "127.0.0.1", path: "/go", agent: false }, (res) => {
        res.resume();
        resolve();
      });
      asking.on("error", reject).end();
    });

  test("theirs: before the session is stored", async () => {
    const { store, port } = await theirs(routes);
    let finish = () => {};
    const set: MemoryStore["set"] = store.set.bind(store);
    store.set = (...args) => {
      finish = () => set(...args);
    };
    await head(port);
    expect(store.sessions).toEqual({});
    finish();
  });

  test("ours: when it is", async () => {
    const { stage, port } = await ours(routes);
    const create = stage.hold("create");
    const order: string[] = [];
    const seen = head(port).then(() => order.push("seen"));
    await create.reached;
    // Whatever had been sent by now would have arrived before the answer to another request.
    await new Browser(port).ask("/elsewhere");
    expect(order).toEqual([]);
    await create.proceed().then(() => order.push("stored"));
    await seen;
    expect(order).toEqual(["stored", "seen"]);
  });
});

test("a save that fails as the answer is sent: theirs a 200, ours a 503", async () => {
  const { store, port } = await theirs(writes);
  store.set = (_id, _data, callback) => callback?.(new Error("down"));
  expect(await cookieOf(new Browser(port), "/write")).toEqual([0, false]);
  const site = await ours(writes);
  site.stage.down = true;
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"], shouldAdvanceTime: true, advanceTimeDelta: 1000 });
  const answer = await new Browser(site.port).ask("/write");
  expect([answer.status, answer.headers["set-cookie"]]).toEqual([503, undefined]);
});
