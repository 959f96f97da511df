import type { Request } from "express";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Browser } from "../../test-support/express-session/express-sites.js";
import {
  bag,
  type Cookie,
  cookieOf,
  ours,
  type Routes,
  theirs,
} from "../../test-support/express-session/side-by-side.js";
import { closeServers } from "../../test-support/test-client.js";

// The lifetime of one session's cookie, set by the application: theirs and ours.

// A whole second that stands still: theirs says in whole seconds when the cookie ends.
const now = 2e12;
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now }));
afterEach(async () => {
  vi.useRealTimers();
  await closeServers();
});

const done = (req: Request, method: "save" | "regenerate" | "destroy") =>
  new Promise<unknown>((resolve) => req.session[method](resolve));

/** What somebody signed in finds after the change: the answer, and what is left of the session. */
async function afterwards({ port }: { port: number }): Promise<unknown> {
  const ada = new Browser(port);
  await ada.ask("/start");
  const signedIn = ada.cookie;
  const { status, body } = await ada.ask("/change");
  return [status, body, [await ada.json("/read"), await new Browser(port, signedIn).json("/read")]];
}

const routes =
  (change: (req: Request) => unknown): Routes =>
  (app) => {
    app.get("/start", (req, res) => {
      bag(req).user = "ada";
      res.json(1);
    });
    app.get("/change", async (req, res) => void res.json((await change(req)) ?? null));
    app.get("/read", (req, res) => void res.json({ ...bag(req), cookie: undefined }));
  };

const ending: Record<string, (req: Request) => unknown> = {
  "maxAge = 0": (req) => {
    req.session.cookie.maxAge = 0;
  },
  "maxAge = 0, and a change": (req) => {
    req.session.cookie.maxAge = 0;
    bag(req).more = 1;
  },
  "maxAge = -1": (req) => {
    req.session.cookie.maxAge = -1;
  },
  "maxAge = a Date that has passed": (req) => {
    Object.assign(req.session.cookie, { maxAge: new Date(0) });
  },
  "expires = a Date that has passed": (req) => {
    req.session.cookie.expires = new Date(0);
  },
  "originalMaxAge = 0": (req) => {
    Object.assign(req.session.cookie, { originalMaxAge: 0 });
  },
  "maxAge = 0, then save": async (req) => {
    req.session.cookie.maxAge = 0;
    const error = await done(req, "save");
    bag(req).more = 1;
    return [error, bag(req).user];
  },
  "maxAge = 0, then destroy": async (req) => {
    req.session.cookie.maxAge = 0;
    return done(req, "destroy");
  },
};

describe("an end that has come is the session's end", () => {
  test.each(Object.entries(ending))("%s", async (_, change) => {
    const seenThere = await afterwards(await theirs(routes(change)));
    expect(seenThere).toEqual([200, expect.any(String), [{}, {}]]);
    const site = await ours(routes(change));
    expect(await afterwards(site)).toEqual(seenThere);
    expect(await site.sessions.count()).toBe(0);
  });

  test.each(Object.entries(ending))("%s: ours clears the cookie", async (_, change) => {
    const { port } = await ours(routes(change));
    const ada = new Browser(port);
    await ada.ask("/start");
    await ada.ask("/change");
    expect(ada.cookie).toBe("");
  });

  test.each(Object.entries(ending))("%s: a visitor of whom nothing is stored gets nothing", async (_, change) => {
    const { port, sessions } = await ours(routes(change));
    const { status, headers } = await new Browser(port).ask("/change");
    expect([status, headers["set-cookie"], await sessions.count()]).toEqual([200, undefined, 0]);
  });
});

describe("an end that has come, and then", () => {
  test.each<[string, (req: Request) => unknown]>([
    [
      "another lifetime",
      (req) => {
        req.session.cookie.maxAge = 0;
        req.session.cookie.maxAge = 60_000;
      },
    ],
    [
      "a new session",
      async (req) => {
        req.session.cookie.maxAge = 0;
        await done(req, "regenerate");
        bag(req).user = "bob";
      },
    ],
  ])("%s: there is one", async (_, change) => {
    const seenThere = await afterwards(await theirs(routes(change)));
    expect(seenThere).not.toMatchObject([200, expect.anything(), [{ user: undefined }]]);
    expect(await afterwards(await ours(routes(change)))).toEqual(seenThere);
  });
});

const beginning =
  (maxAge: unknown, name = "maxAge"): Routes =>
  (app) => {
    app.get("/", (req, res) => {
      Object.assign(req.session.cookie, { [name]: maxAge });
      bag(req).n = 1;
      res.json(1);
    });
  };

/** Max-Age of a cookie whose session has a lifetime of its own: the server keeps the end, and use prolongs it there. */
const lasting = 400 * 86_400;

/** Theirs, where it has a lifetime, as ours says it. */
function lastingly(there: unknown): unknown {
  return Array.isArray(there) && there[0] > 0 ? [lasting, there[1]] : there;
}

describe("the same", () => {
  test.each<[string, unknown, string?, Cookie?]>([
    ["maxAge = false, where the cookie has no lifetime", false],
    ["maxAge = null", null],
    ["maxAge = undefined", undefined],
    ["maxAge = a Date", new Date(now + 3_600_000)],
    ["maxAge = ten years", 10 * 365 * 86_400_000],
    ["maxAge = text", "60000"],
    ["originalMaxAge = a minute", 60_000, "originalMaxAge"],
    ["expires = null", null, "expires"],
  ])("%s", async (_, value, name, cookie) => {
    const there = await cookieOf(new Browser((await theirs(beginning(value, name), cookie)).port), "/");
    const site = await ours(beginning(value, name), cookie);
    const ada = new Browser(site.port);
    expect(await cookieOf(ada, "/")).toEqual(lastingly(there));
    // As long as theirs, where it counts.
    const stored = await site.sessions.load(ada.jar.get("sid") ?? "");
    if (Array.isArray(there) && there[0] > 0) expect(stored?.lifetime).toBe(there[0]);
  });
});

describe("different on purpose", () => {
  const years = 365 * 86_400;
  test.each<[string, unknown, string, unknown, unknown, number?]>([
    ["maxAge = half a second", 500, "maxAge", [0, false], [lasting, false], 1],
    ["maxAge = twenty years", 20 * years * 1000, "maxAge", [20 * years, false], [lasting, false], 10 * years],
    ["maxAge = Infinity", Number.POSITIVE_INFINITY, "maxAge", "none", [lasting, false], 10 * years],
    ["maxAge = NaN", Number.NaN, "maxAge", "none", 500],
    ["expires = a Date that is none", new Date("?"), "expires", "none", 500],
  ])("%s", async (_, value, name, there, here, lifetime) => {
    expect(await cookieOf(new Browser((await theirs(beginning(value, name))).port), "/")).toEqual(there);
    const site = await ours(beginning(value, name));
    const ada = new Browser(site.port);
    expect(await cookieOf(ada, "/")).toEqual(here);
    expect((await site.sessions.load(ada.jar.get("sid") ?? ""))?.lifetime).toBe(lifetime);
  });

  test("expires = text: theirs never answers, ours is a 500", async () => {
    const { port } = await ours(beginning("2030-01-01", "expires"));
    expect((await new Browser(port).ask("/")).status).toBe(500);
  });
});

describe("a maxAge set while the head with the new id has not gone", () => {
  const remembering: Record<string, Routes> = {
    "after regenerate, as in a login's callback": (app) => {
      app.get("/in", async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        req.session.cookie.maxAge = 120_000;
        res.json(1);
      });
    },
    "after regenerate, with nothing else changed": (app) => {
      app.get("/in", async (req, res) => {
        await done(req, "regenerate");
        bag(req).user = "ada";
        await done(req, "save");
        req.session.cookie.maxAge = 120_000;
        res.json(1);
      });
    },
    "while regenerate is under way, in the cookie that follows": (app) => {
      app.get("/in", async (req, res) => {
        await new Promise<void>((resolve) => {
          req.session.regenerate(() => {
            req.session.cookie.maxAge = 120_000;
            bag(req).user = "ada";
            resolve();
          });
        });
        await done(req, "save");
        res.json(1);
      });
    },
    "after a save that made the session": (app) => {
      app.get("/in", async (req, res) => {
        bag(req).user = "ada";
        await done(req, "save");
        req.session.cookie.maxAge = 120_000;
        bag(req).more = 1;
        res.json(1);
      });
    },
  };

  const remembered = [
    [120, false],
    ["ada", 120],
  ];

  /** What the answer says of the cookie, and what the next request finds. */
  async function signIn({ port }: { port: number }, who: string): Promise<[unknown, unknown]> {
    const ada = new Browser(port);
    if (who !== "a visitor") await ada.ask("/start");
    return [await cookieOf(ada, "/in"), await ada.json("/read")];
  }

  const all = Object.entries(remembering).flatMap(([name, each]) =>
    ["a visitor", "somebody with a session"].map((who) => [name, who, each] as const),
  );
  // A save makes no session of somebody who has one, and so no cookie.
  test.each(all.filter(([name, who]) => who === "a visitor" || !name.includes("save")))(
    "%s: %s",
    async (name, who, each) => {
      const routes: Routes = (app) => {
        each(app);
        app.get("/start", (req, res) => {
          bag(req).a = 1;
          res.json(1);
        });
        app.get("/read", (req, res) => {
          res.json([bag(req).user, Math.round((req.session.cookie.originalMaxAge ?? 0) / 1000)]);
        });
      };
      expect((await signIn(await theirs(routes), who))[0]).toEqual(remembered[0]);
      // Of a session stored before, for longer, only the browser can end it so soon.
      const storedBefore = who !== "a visitor" || name.includes("save") || name.includes("nothing else");
      const [cookie, found] = remembered;
      expect(await signIn(await ours(routes), who)).toEqual([storedBefore ? cookie : lastingly(cookie), found]);
    },
  );

  test("the session lasts as long as its cookie, in the store as well", async () => {
    let clock = now;
    const site = await ours(
      (app) => {
        app.get("/in", async (req, res) => {
          bag(req).a = 1;
          await done(req, "save");
          await done(req, "regenerate");
          req.session.cookie.maxAge = 7_200_000;
          res.json(req.sessionID);
        });
      },
      {},
      { maxLifetime: 60, now: () => clock },
    );
    const id = (await new Browser(site.port).json("/in")) as string;
    clock += 7_000_000;
    expect(await site.sessions.exists(id)).toBe(true);
    clock += 300_000;
    expect(await site.sessions.exists(id)).toBe(false);
  });
});
