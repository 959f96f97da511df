import { once } from "node:events";
import { request } from "node:http";
import type { Request, Response } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Browser } from "../../test-support/express-session/express-sites.js";
import { bag, cookieOf, ours, theirs } from "../../test-support/express-session/side-by-side.js";
import { closeServers } from "../../test-support/test-client.js";

// What is asked of req.session when its answer has been given, or goes on for long.

afterEach(closeServers);

const done = (req: Request, method: "save" | "regenerate" | "destroy" | "reload") =>
  new Promise<unknown>((resolve) => req.session[method](resolve));

type Site = Awaited<ReturnType<typeof ours>>;

/** A site with a handler that answers, and goes on with `then` when the client has its answer. */
async function answering(make: typeof ours | typeof theirs, then: (req: Request, res: Response) => unknown) {
  let over = (_: unknown) => {};
  const ended = new Promise((resolve) => {
    over = resolve;
  });
  const site = await make((app) => {
    app.get("/start", (req, res) => {
      bag(req).user = "ada";
      res.json(1);
    });
    app.get("/end", (req, res) => {
      res.on("close", async () => over(await then(req, res)));
      res.json("signed out");
    });
    app.get("/read", (req, res) => void res.json(bag(req).user ?? null));
  });
  const ada = new Browser(site.port);
  await ada.ask("/start");
  return { site, ada, ended };
}

/** The process warnings while `work` runs. */
async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const codes: string[] = [];
  const listener = (warning: Error & { code?: string }) => void codes.push(warning.code ?? warning.name);
  process.on("warning", listener);
  await work();
  // A warning is emitted in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listener);
  return codes;
}

describe("a sign-out after the answer", () => {
  test("with a callback: the session has ended, as theirs", async () => {
    for (const make of [theirs, ours]) {
      const { ada, ended } = await answering(make, (req) => done(req, "destroy"));
      expect((await ada.ask("/end")).status).toBe(200);
      expect(await ended).toBe(undefined);
      expect(await ada.json("/read")).toBe(null);
    }
  });

  test("without a callback", async () => {
    const { site, ada, ended } = await answering(ours, (req) => void req.session.destroy());
    const marker = (site as Site).stage.hold("update");
    await ada.ask("/end");
    await ended;
    await marker.reached;
    await marker.proceed();
    expect(await ada.json("/read")).toBe(null);
  });

  test("right after res.json, before anything has left", async () => {
    for (const make of [theirs, ours]) {
      const { port } = await make((app) => {
        app.get("/start", (req, res) => {
          bag(req).user = "ada";
          res.json(1);
        });
        app.get("/end", (req, res) => {
          res.json("signed out");
          req.session.destroy();
        });
        app.get("/read", (req, res) => void res.json(bag(req).user ?? null));
      });
      const ada = new Browser(port);
      await ada.ask("/start");
      await ada.ask("/end");
      await vi.waitFor(async () => expect(await ada.json("/read")).toBe(null));
    }
  });

  test('in res.on("finish")', async () => {
    for (const make of [theirs, ours]) {
      const { port } = await make((app) => {
        app.get("/start", (req, res) => {
          bag(req).user = "ada";
          res.json(1);
        });
        app.get("/end", (req, res) => {
          res.on("finish", () => req.session.destroy());
          res.json("signed out");
        });
        app.get("/read", (req, res) => void res.json(bag(req).user ?? null));
      });
      const ada = new Browser(port);
      await ada.ask("/start");
      await ada.ask("/end");
      await vi.waitFor(async () => expect(await ada.json("/read")).toBe(null));
    }
  });
});

describe("what fails after the answer", () => {
  test.each(["destroy", "save"] as const)("%s, unheard, is reported", async (method) => {
    const { site, ada, ended } = await answering(ours, (req) => {
      if (method === "save") bag(req).user = "bob";
      req.session[method]();
    });
    const { stage } = site as Site;
    const call = stage.hold("update");
    stage.largest = 0;
    const warnings = await warningsOf(async () => {
      await ada.ask("/end");
      await ended;
      void call.proceed();
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(warnings).toEqual(["SESS_TOO_LARGE"]);
  });

  test("regenerate, unheard, is reported: a new id would need a cookie", async () => {
    const { ada, ended } = await answering(ours, (req) => void req.session.regenerate());
    const warnings = await warningsOf(async () => {
      await ada.ask("/end");
      await ended;
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(warnings).toEqual(["SESS_HEADERS_SENT"]);
    expect(await ada.json("/read")).toBe("ada");
  });

  test("with a callback, only the callback gets the error", async () => {
    const { ada, ended } = await answering(ours, (req) => done(req, "regenerate"));
    const warnings = await warningsOf(async () => {
      await ada.ask("/end");
      expect(await ended).toMatchObject({ code: "SESS_HEADERS_SENT" });
    });
    expect(warnings).toEqual([]);
  });
});

test("a save that is asked for while the head waits, and fails, is the response", async () => {
  const { stage, port } = await ours((app) => {
    app.get("/start", (req, res) => {
      bag(req).n = 1;
      res.json(1);
    });
    app.get("/", async (req, res) => {
      const writing = stage.hold("update");
      bag(req).n = 2;
      res.json("stored");
      await writing.reached;
      stage.largest = 0;
      bag(req).n = 3;
      req.session.save();
      await writing.proceed();
    });
  });
  const ada = new Browser(port);
  await ada.ask("/start");
  expect(await cookieOf(ada, "/")).toBe(500);
});

test.each(["regenerate", "destroy"] as const)(
  "a %s that is asked for while the head waits, and fails, is the response",
  async (method) => {
    const { stage, port } = await ours((app) => {
      app.get("/start", (req, res) => {
        bag(req).n = 1;
        res.json(1);
      });
      app.get("/", async (req, res) => {
        const writing = stage.hold("update");
        bag(req).n = 2;
        res.json("stored");
        await writing.reached;
        req.session[method]();
        await writing.proceed();
        stage.down = true;
      });
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    expect(await cookieOf(ada, "/")).toBe(503);
  },
);

describe("a handler that lives longer than an idle lifetime", () => {
  // As the recipe for socket.io has it; and as whoever wants to be sure.
  const uses: [string, (req: Request) => Promise<unknown>][] = [
    [
      "reload, touch, save",
      async (req) => {
        await done(req, "reload");
        req.session.touch().save();
      },
    ],
    ["save", (req) => done(req, "save")],
    ["touch", async (req) => void req.session.touch()],
  ];
  test.each(uses)(
    "%s every five minutes: the session lives, and ends an idle lifetime after the last",
    async (_, use) => {
      let clock = Date.now();
      let arrived = (_req: Request) => {};
      const inside = new Promise<Request>((resolve) => {
        arrived = resolve;
      });
      const { sessions, stage, port } = await ours(
        (app) => {
          app.get("/start", (req, res) => {
            bag(req).user = "ada";
            res.json(req.sessionID);
          });
          app.get("/events", (req, res) => {
            res.flushHeaders();
            arrived(req);
          });
        },
        {},
        { maxLifetime: 1800, now: () => clock },
      );
      const ada = new Browser(port);
      const id = (await ada.json("/start")) as string;
      const asking = request({ port, host: "127.0.0.1", path: "/events", headers: { cookie: ada.cookie } });
      asking.end();
      await once(asking, "response");
      const req = await inside;
      for (let minutes = 0; minutes < 120; minutes += 5) {
        clock += 5 * 60_000;
        const before = stage.calls.length;
        await use(req);
        await vi.waitFor(() => expect(stage.calls.slice(before)).toContain("touch"));
      }
      expect(await sessions.exists(id)).toBe(true);
      clock += 31 * 60_000;
      expect(await sessions.exists(id)).toBe(false);
      asking.destroy();
    },
  );
});
