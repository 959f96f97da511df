import { createHmac } from "node:crypto";
import express, { type RequestHandler } from "express";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { type OldStore, type SessionOptions, session } from "../../src/express-session/index.js";
import { signedIds } from "../../src/express-session/signed-cookie.js";
import { limits } from "../../src/limits.js";
import {
  Browser,
  expressSession,
  type MemoryStore,
  secret,
  serve,
} from "../../test-support/express-session/express-sites.js";
import { Stage } from "../../test-support/stage.js";
import { type Answer, ask, closeServers } from "../../test-support/test-client.js";

afterEach(async () => {
  vi.useRealTimers();
  await closeServers();
});

/** Resolves to what lets the request to `/slow` go on, once it is there. */
let arriveAtSlow: (go: () => void) => void = () => {};
const atSlow = new Promise<() => void>((resolve) => {
  arriveAtSlow = resolve;
});

const routes: Parameters<typeof serve>[1] = (app) => {
  app.get("/start", (req, res) => {
    Object.assign(req.session, { user: "ada", views: 1, cart: ["bread"] });
    if (req.query.maxAge) req.session.cookie.maxAge = Number(req.query.maxAge);
    res.json(req.sessionID);
  });
  app.get("/read", (req, res) => void res.json({ ...req.session, cookie: undefined }));
  app.get("/cookie", (req, res) => void res.json(req.session.cookie));
  app.get("/set", (req, res) => {
    Object.assign(req.session, req.query);
    res.end();
  });
  app.get("/in", (req, res) => {
    req.session.regenerate(() => {
      Object.assign(req.session, { user: "ada, again" });
      res.end();
    });
  });
  app.get("/slow", (_req, res) => arriveAtSlow(() => res.end()));
  app.get("/out", (req, res) => void req.session.destroy(() => res.end()));
};

const data = { user: "ada", views: 1, cart: ["bread"] };

/** An old application, and what a browser that was there has. */
async function oldSite(name = "connect.sid", path = "/start") {
  const store = new expressSession.MemoryStore();
  const port = await serve(expressSession({ store, secret, name, resave: false, saveUninitialized: false }), routes);
  const ada = new Browser(port);
  const id = (await ada.json(path)) as string;
  return { store, id, cookie: ada.cookie };
}

async function newSite(
  store: OldStore,
  options: Omit<Partial<SessionOptions>, "sessions"> = {},
  config: ManagerConfig = {},
  stage = new Stage(),
) {
  const sessions = await stage.manager({ cookieName: "sid", ...config });
  const port = await serve(session({ from: store, secret, ...options, sessions }), routes);
  return { stage, sessions, port };
}

/** A store whose calls wait until they are let go. */
function gated(store: MemoryStore, method: "get" | "destroy") {
  const waiting: (() => void)[] = [];
  let arrived = () => {};
  const gate: OldStore = {
    get: (id, callback) => store.get(id, callback),
    destroy: (id, callback) => store.destroy(id, callback),
    [method]: (id: string, callback: never) => {
      waiting.push(() => store[method](id, callback));
      arrived();
    },
  };
  const reached = async (count: number) => {
    while (waiting.length < count) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
  };
  const open = () => {
    for (const go of waiting.splice(0)) go();
  };
  return { gate, reached, open };
}

describe("an old session", () => {
  test.each(["connect.sid", "sid"])(
    "is found under a new id, once; the old one is gone (old cookie %s)",
    async (name) => {
      const old = await oldSite(name);
      const { sessions, port } = await newSite(old.store, { name });
      const ada = new Browser(port, old.cookie);
      const first = await ada.ask("/read");
      expect(JSON.parse(first.body)).toEqual(data);
      expect(first.headers["set-cookie"]).toHaveLength(1);
      expect(Object.keys(old.store.sessions)).toEqual([]);
      const id = ada.jar.get("sid") ?? "";
      expect(id).not.toContain(old.id);
      expect(await sessions.exists(id)).toBe(true);
      const again = await ada.ask("/read");
      expect(JSON.parse(again.body)).toEqual(data);
      expect(again.headers["set-cookie"]).toBe(undefined);
      expect(await sessions.count()).toBe(1);
    },
  );

  test("keeps the lifetime that it had of its own", async () => {
    const old = await oldSite("connect.sid", "/start?maxAge=86400000");
    const { port } = await newSite(old.store);
    const ada = new Browser(port, old.cookie);
    expect((await ada.ask("/read")).headers["set-cookie"]?.[0]).toMatch(/Max-Age=34560000;/);
    expect(await ada.json("/cookie")).toMatchObject({ originalMaxAge: 86_400_000 });
  });

  test("is none when it has expired", async () => {
    const old = await oldSite("connect.sid", "/start?maxAge=1000");
    const { port } = await newSite(old.store);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2000 });
    expect(await new Browser(port, old.cookie).json("/read")).toEqual({});
  });

  test("with a secret that was replaced is found, and is the same one under either", async () => {
    const old = await oldSite();
    const { sessions, port } = await newSite(old.store, { secret: ["the secret that took its place", secret] });
    const resigned = createHmac("sha256", "the secret that took its place").update(old.id).digest("base64");
    const cookie = `connect.sid=${encodeURIComponent(`s:${old.id}.${resigned.replace(/=+$/, "")}`)}`;
    const answers = await Promise.all([old.cookie, cookie].map((each) => new Browser(port, each).json("/read")));
    expect(answers).toEqual([data, data]);
    expect(await sessions.count()).toBe(1);
  });

  test("is the same one in a process that has a newer secret in front", async () => {
    const old = await oldSite();
    const store = new Stage();
    const before = await newSite(old.store, {}, {}, store);
    const after = await newSite(old.store, { secret: ["the secret in front", secret] }, {}, new Stage(store));
    for (const { port } of [before, after]) expect(await new Browser(port, old.cookie).json("/read")).toEqual(data);
  });

  test("is not asked for where a session of ours is", async () => {
    const old = await oldSite();
    const asked: string[] = [];
    const spy: OldStore = {
      get: (id, callback) => {
        asked.push("get");
        old.store.get(id, callback);
      },
      destroy: (id, callback) => {
        asked.push("destroy");
        old.store.destroy(id, callback);
      },
    };
    const { port } = await newSite(spy);
    const ada = new Browser(port, old.cookie);
    for (let i = 0; i < 3; i++) await ada.ask("/read");
    expect(asked).toEqual(["get", "destroy"]);
  });
});

const signed = (id: string) => `s:${id}.${createHmac("sha256", secret).update(id).digest("base64").replace(/=+$/, "")}`;

describe("cookies that are not express-session's", () => {
  const signature = (id: string, by = secret) =>
    createHmac("sha256", by).update(id).digest("base64").replace(/=+$/, "");

  test("no store is asked", async () => {
    const old = await oldSite();
    const { stage, port } = await newSite({
      get: () => expect.unreachable("asked for a forged id"),
      destroy: () => expect.unreachable("destroyed a forged id"),
    });
    const forged = [
      "",
      "s:",
      "s:.",
      `s:${old.id}`,
      `s:${old.id}.`,
      `s:${old.id}.${signature(old.id, "another secret of sixteen bytes")}`,
      `s:${old.id}x.${signature(old.id)}`,
      `s:${old.id}.${signature(old.id)}=`,
      `s%3A${old.id}.%E0%A4%A`,
      `${old.id}.${signature(old.id)}`,
      `s:.${signature("")}`,
    ];
    for (const value of forged) {
      expect((await ask(port, "/read", { cookie: `connect.sid=${value}` })).body).toBe("{}");
    }
    expect(stage.calls).toEqual([]);
  });

  test("what express-session signs is verified", () => {
    const id = "abc.def";
    const good = `s%3A${id}.${encodeURIComponent(signature(id))}`;
    expect(signedIds(`a=1; sid=${good}; sid=${good}`, "sid", ["other", secret])).toEqual([id]);
    expect(signedIds(`sid=s:${id}.${signature(id)}`, "sid", [Buffer.from(secret)])).toEqual([id]);
  });
});

describe("cookies that somebody else has parsed", () => {
  /** Both sites, with what cookie-parser would have put on the request, and no Cookie header. */
  async function parsed(old: Awaited<ReturnType<typeof oldSite>>, cookies: object) {
    const sessions = await new Stage().manager({ cookieName: "sid" });
    const theirs = expressSession({ store: old.store, secret, resave: false, saveUninitialized: false });
    const ours = session({ sessions, from: old.store, secret });
    const seen: unknown[] = [];
    for (const middleware of [theirs, ours]) {
      const put = ((req, res, next) => {
        Object.assign(req, cookies);
        (middleware as RequestHandler)(req, res, next);
      }) as RequestHandler;
      seen.push(await new Browser(await serve(put, routes)).json("/read"));
    }
    return seen;
  }

  test("an old id that cookie-parser has verified, or has left to us", async () => {
    for (const put of [
      (id: string) => ({ signedCookies: { "connect.sid": id } }),
      (id: string) => ({ cookies: { "connect.sid": signed(id) } }),
    ]) {
      const old = await oldSite();
      expect(await parsed(old, put(old.id))).toEqual([data, data]);
    }
  });

  test("an unverified one, or one that is not a string, counts as none, as in the original", async () => {
    const old = await oldSite();
    for (const cookies of [
      { cookies: { "connect.sid": old.id } },
      { cookies: { "connect.sid": `${signed(old.id)}x` } },
      { signedCookies: { "connect.sid": false } },
    ]) {
      expect(await parsed(old, cookies)).toEqual([{}, {}]);
    }
    expect(Object.keys(old.store.sessions)).toEqual([old.id]);
  });

  test("one of ours", async () => {
    const { sessions, stage } = await newSite(new expressSession.MemoryStore());
    let cookies: object = {};
    const port = await serve(session({ sessions }), routes, () => {
      const app = express();
      app.use((req, _res, next) => {
        Object.assign(req, cookies);
        next();
      });
      return app;
    });
    const ada = new Browser(port);
    await ada.ask("/start");
    cookies = { cookies: { sid: ada.jar.get("sid") } };
    expect(JSON.parse((await ask(port, "/read")).body)).toEqual(data);
    // What cookie-parser found in the header is not looked for twice.
    stage.calls.length = 0;
    const stale = "A".repeat(43);
    cookies = { cookies: { sid: stale } };
    await ask(port, "/read", { cookie: `sid=${stale}` });
    expect(stage.calls).toEqual(["read"]);
    cookies = { cookies: { sid: { toString: () => "x" } } };
    expect((await ask(port, "/read")).body).toBe("{}");
  });

  test("two middlewares of one Manager, each with an old store of its own", async () => {
    const [one, two] = [await oldSite("one.sid"), await oldSite("two.sid")];
    const sessions = await new Stage().manager({ cookieName: "sid" });
    const first = session({ sessions, from: one.store, secret, name: "one.sid" });
    const port = await serve(first, routes);
    const second = await serve(session({ sessions, from: two.store, secret, name: "two.sid" }), routes);
    expect(await new Browser(port, one.cookie).json("/read")).toEqual(data);
    expect(await new Browser(second, two.cookie).json("/read")).toEqual(data);
  });
});

describe("exactly once", () => {
  test.each([
    ["one process", 1],
    ["two processes", 2],
  ])("50 requests with one old cookie, in %s, all before the first is answered", async (_, processes) => {
    const old = await oldSite();
    const { gate, reached, open } = gated(old.store, "get");
    const store = new Stage();
    const sites = [await newSite(gate, {}, {}, store)];
    if (processes === 2) sites.push(await newSite(gate, {}, {}, new Stage(store)));
    const asking = Array.from({ length: 50 }, (_, n) =>
      ask(sites[n % processes]?.port ?? 0, "/read", { cookie: old.cookie }),
    );
    // All of them have seen that there is no session yet, and none knows what was there before.
    await reached(50);
    open();
    const answers = await Promise.all(asking);
    expect(answers.map(({ body }) => JSON.parse(body))).toEqual(Array(50).fill(data));
    expect(answers.filter(({ headers }) => headers["set-cookie"])).toHaveLength(1);
    expect(await sites[0]?.sessions.count()).toBe(1);
    expect(old.store.sessions).toEqual({});
  });

  test("one that read the old record long ago does not write it over what was changed since", async () => {
    const old = await oldSite();
    const { gate, reached, open } = gated(old.store, "get");
    const store = new Stage();
    const slow = await newSite(gate, {}, {}, store);
    const quick = await newSite(old.store, {}, {}, new Stage(store));
    const late = ask(slow.port, "/read", { cookie: old.cookie });
    await reached(1);
    // The record that it is about to get, from when it was still there.
    const record = old.store.sessions[old.id] ?? "";
    const ada = new Browser(quick.port, old.cookie);
    await ada.ask("/set?views=2");
    old.store.sessions[old.id] = record;
    // Its queue in the slow process is busy with the same session, so that the two would be written together.
    const busy = store.hold("update");
    const other = ask(slow.port, "/set?views=3", { cookie: ada.cookie });
    await busy.reached;
    open();
    // Nothing but promises lies between the old record and that queue.
    await new Promise((resolve) => setImmediate(resolve));
    await busy.proceed();
    await other;
    expect(JSON.parse((await late).body)).toEqual({ ...data, views: "3" });
    expect(await ada.json("/read")).toEqual({ ...data, views: "3" });
    expect(old.store.sessions).toEqual({});
  });

  test("nobody is answered before the old record is gone; while that fails, it is a 503", async () => {
    const old = await oldSite();
    let broken = true;
    const store: OldStore = {
      get: (id, callback) => old.store.get(id, callback),
      destroy: (id, callback) => (broken ? callback?.(new Error("down")) : old.store.destroy(id, callback)),
    };
    const { port } = await newSite(store);
    expect((await ask(port, "/read", { cookie: old.cookie })).status).toBe(503);
    expect((await ask(port, "/read", { cookie: old.cookie })).status).toBe(503);
    broken = false;
    expect(JSON.parse((await ask(port, "/read", { cookie: old.cookie })).body)).toEqual(data);
    expect(old.store.sessions).toEqual({});
  });

  test("an old store that cannot be read is a 503, not a new session", async () => {
    const old = await oldSite();
    const { port } = await newSite({ get: (_id, callback) => callback(new Error("down")), destroy: () => {} });
    expect((await ask(port, "/read", { cookie: old.cookie })).status).toBe(503);
  });

  test("after a sign-out the old cookie leads nowhere", async () => {
    const old = await oldSite();
    let now = Date.now();
    const { port } = await newSite(old.store, {}, { now: () => now });
    const ada = new Browser(port, old.cookie);
    await ada.ask("/read");
    await ada.ask("/out");
    expect(JSON.parse((await ask(port, "/read", { cookie: old.cookie })).body)).toEqual({});
    now += 200_000;
    expect(JSON.parse((await ask(port, "/read", { cookie: old.cookie })).body)).toEqual({});
  });

  test("a sign-out by the old cookie alone ends the session too", async () => {
    const old = await oldSite();
    const { sessions, port } = await newSite(old.store);
    await ask(port, "/out", { cookie: old.cookie });
    expect(await sessions.count()).toBe(0);
    expect(old.store.sessions).toEqual({});
  });

  test("after a sign-in the old cookie leads to nobody, and changes nothing", async () => {
    const old = await oldSite();
    const { port } = await newSite(old.store);
    const ada = new Browser(port, old.cookie);
    await ada.ask("/read");
    await ada.ask("/in");
    const thief = await ask(port, "/read", { cookie: old.cookie });
    expect([thief.body, thief.headers["set-cookie"]]).toEqual(["{}", undefined]);
    expect((await ask(port, "/set?views=9", { cookie: old.cookie })).status).toBe(409);
    expect(await ada.json("/read")).toEqual({ user: "ada, again" });
  });
});

describe("an old store that never calls back", () => {
  /** Only our timers: sockets have their own. */
  const stopTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  /** Lets the server do what it can do by now. */
  const elsewhere = (port: number) => ask(port, "/read");

  test.each(["get", "destroy"] as const)("%s: a 503 within the bound of every store's call", async (method) => {
    const old = await oldSite();
    const { gate, reached, open } = gated(old.store, method);
    const { port } = await newSite(gate);
    stopTime();
    let answer: Answer | undefined;
    const asking = ask(port, "/read", { cookie: old.cookie }).then((each) => {
      answer = each;
    });
    await reached(1);
    await vi.advanceTimersByTimeAsync(limits.operation - 1);
    await elsewhere(port);
    expect(answer).toBe(undefined);
    await vi.advanceTimersByTimeAsync(1);
    await asking;
    expect(answer).toMatchObject({ status: 503, body: expect.stringContaining("old session store failed") });
    // It answers after all, to nobody; whoever comes next is served.
    open();
    await elsewhere(port);
    const again = ask(port, "/read", { cookie: old.cookie });
    const answered = again.then(() => true);
    for (let done = false; !done; ) {
      open();
      done = await Promise.race([answered, elsewhere(port).then(() => false)]);
    }
    expect(JSON.parse((await again).body)).toEqual(data);
    expect(old.store.sessions).toEqual({});
  });

  test("the bound is the request's: two cookies do not wait twice", async () => {
    const [one, two] = [await oldSite(), await oldSite()];
    const { gate, reached, open } = gated(one.store, "get");
    const { port } = await newSite(gate);
    stopTime();
    const cookie = `connect.sid=${encodeURIComponent(signed("nobody's"))}; ${two.cookie}`;
    const asking = ask(port, "/read", { cookie });
    await reached(1);
    await vi.advanceTimersByTimeAsync(limits.operation - 1000);
    open();
    await reached(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await asking).status).toBe(503);
  });
});

describe("an answer that is lost", () => {
  test("the old cookie leads to the same session, and after two minutes brings the new cookie again", async () => {
    const old = await oldSite();
    let now = Date.now();
    const { sessions, port } = await newSite(old.store, {}, { now: () => now });
    const lost = await ask(port, "/set?views=2", { cookie: old.cookie });
    const ada = new Browser(port, old.cookie);
    const soon = await ada.ask("/read");
    expect(soon.headers["set-cookie"]).toBe(undefined);
    expect(JSON.parse(soon.body)).toEqual({ ...data, views: "2" });
    now += 121_000;
    const late = await ada.ask("/read");
    expect(late.headers["set-cookie"]).toEqual(lost.headers["set-cookie"]);
    expect(JSON.parse(late.body)).toEqual({ ...data, views: "2" });
    expect(await sessions.count()).toBe(1);
  });

  test("the first answer, slower than a sign-in beside it, does not overwrite the cookie of that", async () => {
    const old = await oldSite();
    const { port } = await newSite(old.store);
    // It took the session over, and its handler is not done; meanwhile another signs in by the old cookie.
    const slow = ask(port, "/slow", { cookie: old.cookie });
    const go = await atSlow;
    const second = await ask(port, "/in", { cookie: old.cookie });
    go();
    const first = await slow;
    const cookies = [first, second].flatMap(({ headers }) => headers["set-cookie"] ?? []);
    const ada = new Browser(port);
    for (const line of cookies) ada.jar.set("sid", /sid=([^;]*)/.exec(line)?.[1] ?? "");
    expect([first, second].map(({ headers }) => headers["set-cookie"]?.length)).toEqual([undefined, 1]);
    expect(await ada.json("/read")).toEqual({ user: "ada, again" });
  });
});
