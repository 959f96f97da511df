import { afterEach, describe, expect, test, vi } from "vitest";
import { type OldStore, session, takeOver } from "../../src/express-session/index.js";
import { Browser, expressSession, secret, serve } from "../../test-support/express-session/express-sites.js";
import { Stage } from "../../test-support/stage.js";
import { closeServers } from "../../test-support/test-client.js";

afterEach(async () => {
  vi.useRealTimers();
  await closeServers();
});

const hour = 3_600_000;

const routes: Parameters<typeof serve>[1] = (app) => {
  app.get("/start", (req, res) => {
    Object.assign(req.session, { user: "ada" });
    if (req.query.maxAge) req.session.cookie.maxAge = Number(req.query.maxAge);
    res.json(req.sessionID);
  });
  app.get("/read", (req, res) => void res.json({ ...req.session, cookie: undefined }));
  app.get("/set", (req, res) => void res.json(Object.assign(req.session, req.query)));
  app.get("/out", (req, res) => void req.session.destroy(() => res.end()));
};

/** A store of which nothing is left. */
const nothing: OldStore = { get: (_id, callback) => callback(null), destroy: (_id, callback) => callback?.() };

/** An old application with one visitor, and the new one over the same store. */
async function switched({ path = "/start", maxLifetime = 86_400, from }: Setting = {}) {
  vi.useFakeTimers({ toFake: ["Date"] });
  const store = new expressSession.MemoryStore();
  const before = expressSession({ store, secret, resave: false, saveUninitialized: false });
  const ada = new Browser(await serve(before, routes));
  const id = (await ada.json(path)) as string;
  const stage = new Stage();
  const sessions = await stage.manager({ cookieName: "sid", maxLifetime, now: () => Date.now() });
  const options = { sessions, from: store, secret };
  const port = await serve(session({ ...options, from: from ?? store }), routes);
  return { store, id, stage, sessions, options, port, old: ada.cookie, ada: new Browser(port, ada.cookie) };
}

interface Setting {
  readonly path?: string;
  readonly maxLifetime?: number;
  readonly from?: OldStore;
}

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("a session that is taken over before its visitor comes", () => {
  test("is found by the old cookie, even when nothing of the old store is left", async () => {
    const { store, id, sessions, options, ada } = await switched({ from: nothing });
    expect(await takeOver(options, { id })).toBe("taken");
    expect([store.sessions, await sessions.count()]).toEqual([{}, 1]);
    expect(await ada.json("/read")).toEqual({ user: "ada" });
    later(121_000);
    await ada.ask("/read");
    ada.jar.delete("connect.sid");
    expect([[...ada.jar.keys()], await ada.json("/read")]).toEqual([["sid"], { user: "ada" }]);
  });

  test("lasts as long as it would have, without a visitor", async () => {
    const { id, sessions, options, ada } = await switched();
    await takeOver(options, { id, expiresAt: Date.now() + hour });
    later(hour - 1);
    expect(await sessions.count()).toBe(1);
    later(1);
    expect([await sessions.count(), await ada.json("/read")]).toEqual([0, {}]);
  });

  test("has its whole lifetime again when the visitor comes", async () => {
    const { id, options, ada } = await switched();
    await takeOver(options, { id, expiresAt: Date.now() + hour });
    later(hour - 1);
    await ada.ask("/read");
    later(23 * hour);
    expect(await ada.json("/read")).toEqual({ user: "ada" });
  });

  test("keeps the lifetime that it had of its own", async () => {
    const { id, options, ada } = await switched({ path: `/start?maxAge=${48 * hour}` });
    await takeOver(options, { id, expiresAt: Date.now() + hour });
    await ada.ask("/read");
    later(47 * hour);
    expect(await ada.json("/read")).toEqual({ user: "ada" });
  });

  test("ends by the Manager's idle lifetime, if that is sooner", async () => {
    const { id, sessions, options } = await switched({ maxLifetime: 60 });
    await takeOver(options, { id, expiresAt: Date.now() + hour });
    later(60_000);
    expect(await sessions.count()).toBe(0);
  });

  test("has a whole lifetime where nobody knows how long it would have lasted", async () => {
    const { id, sessions, options } = await switched();
    await takeOver(options, { id });
    later(24 * hour - 1);
    expect(await sessions.count()).toBe(1);
  });
});

describe("what is there stays as it is", () => {
  test("a session that its visitor has brought and changed, also when an old process writes it back", async () => {
    const { store, id, sessions, options, ada } = await switched();
    const record = store.sessions[id] ?? "";
    await ada.ask("/set?user=countess");
    expect(await takeOver(options, { id })).toBe("none");
    store.sessions[id] = record;
    expect([await takeOver(options, { id }), store.sessions]).toEqual(["there", {}]);
    expect([await sessions.count(), await ada.json("/read")]).toEqual([1, { user: "countess" }]);
  });

  test("one that was signed out", async () => {
    const { store, id, sessions, options, ada } = await switched();
    const record = store.sessions[id] ?? "";
    await ada.ask("/out");
    store.sessions[id] = record;
    expect([await takeOver(options, { id }), store.sessions, await sessions.count()]).toEqual(["there", {}, 0]);
  });

  test("visitors and takeovers at the same time: one session, and nobody is signed out", async () => {
    const { store, id, sessions, options, old, port } = await switched();
    const visits = Array.from({ length: 10 }, () => new Browser(port, old).json("/read"));
    const moves = Array.from({ length: 10 }, () => takeOver(options, { id, expiresAt: Date.now() + hour }));
    expect(await Promise.all(visits)).toEqual(Array(10).fill({ user: "ada" }));
    expect((await Promise.all(moves)).filter((each) => each === "taken").length).toBeLessThanOrEqual(1);
    expect([await sessions.count(), store.sessions]).toEqual([1, {}]);
  });

  test("a visitor who comes between the reading and the storing", async () => {
    const { id, sessions, options, stage, ada } = await switched();
    const storing = stage.hold("create");
    const moving = takeOver(options, { id, expiresAt: Date.now() + hour });
    await storing.reached;
    const coming = ada.json("/set?user=countess");
    await storing.proceed();
    expect(await moving).toBe("taken");
    await coming;
    expect([await sessions.count(), await ada.json("/read")]).toEqual([1, { user: "countess" }]);
  });
});

describe("what is not taken over stays in the old store", () => {
  test("expired, though the store has not removed it; and without contents", async () => {
    const { store, id, sessions, options } = await switched();
    expect(await takeOver(options, { id, expiresAt: Date.now() })).toBe("none");
    store.sessions[id] = '{"cookie":{}}';
    expect(await takeOver(options, { id })).toBe("none");
    // Something else that lies under the same prefix.
    store.sessions[id] = '{"user":"ada"}';
    const plain: OldStore = { ...nothing, get: (of, callback) => callback(null, JSON.parse(store.sessions[of] ?? "")) };
    expect(await takeOver({ ...options, from: plain }, { id })).toBe("none");
    expect([Object.keys(store.sessions), await sessions.count()]).toEqual([[id], 0]);
  });

  test("a record that the store cannot read: an error without the id", async () => {
    const { store, id, options } = await switched();
    store.sessions[id] = "{";
    const broken: OldStore = {
      get: (of, callback) => {
        try {
          callback(null, JSON.parse(store.sessions[of] ?? ""));
        } catch (error) {
          callback(error);
        }
      },
      destroy: (of, callback) => store.destroy(of, callback),
    };
    const failed = await takeOver({ ...options, from: broken }, { id }).catch((error: Error) => error);
    expect(failed).toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(String(failed)).not.toContain(id);
    expect(store.sessions[id]).toBe("{");
  });

  test("when the old store cannot destroy it, it is there, and the next call ends the old one", async () => {
    const { store, id, sessions, options } = await switched();
    const stuck: OldStore = {
      get: (of, callback) => store.get(of, callback),
      destroy: (_id, callback) => callback?.(new Error("read only")),
    };
    await expect(takeOver({ ...options, from: stuck }, { id })).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect([await takeOver(options, { id }), store.sessions, await sessions.count()]).toEqual(["there", {}, 1]);
  });

  test("times in seconds, which would all have expired, and an id that is none", async () => {
    const { options, id } = await switched();
    for (const wrong of [{ id, expiresAt: 1.9e9 }, { id, expiresAt: Number.NaN }, { id: "" }, {}]) {
      await expect(takeOver(options, wrong as { id: string })).rejects.toMatchObject({ code: "SESS_CONFIG" });
    }
    expect(await takeOver(options, { id, expiresAt: Number.POSITIVE_INFINITY })).toBe("taken");
  });

  test("without an old store there is nothing to take over", async () => {
    const { sessions, id } = await switched();
    await expect(takeOver({ sessions }, { id })).rejects.toMatchObject({ code: "SESS_CONFIG" });
  });
});
