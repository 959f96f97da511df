import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { SessionHandler } from "../../src/manager/manager.js";
import type { Session } from "../../src/session/session.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Stage, stored, visit } from "../../test-support/stage.js";

// What one request asks of its session is done in the order in which it was asked for, whatever waits for what.

/** A session of one request, with a save under way, and an update behind it that holds an older change. */
async function withOneWaiting(older: (session: Awaited<ReturnType<typeof visit>>) => void) {
  const manager = await new Stage().manager();
  const session = await visit(manager, await stored(manager));
  session.set("first", 0);
  const saved = session.release();
  await Promise.resolve();
  older(session);
  const waiting = session.update("n", () => 1);
  return { manager, session, saved, waiting };
}

type Visited = Awaited<ReturnType<typeof visit>>;
const newer: [string, (session: Visited) => void, (session: Visited) => void, unknown][] = [
  ["a set", (session) => session.set("a", "older"), (session) => session.set("a", "newer"), "newer"],
  ["a delete", (session) => session.set("a", "older"), (session) => session.delete("a"), undefined],
  ["a flush", (session) => session.set("a", "older"), (session) => session.flush(), undefined],
];

test.each(newer)(
  "%s after an await does not come before what has waited all the while",
  async (_, set, change, then) => {
    const { manager, session, saved, waiting } = await withOneWaiting(set);
    await saved;
    change(session);
    await Promise.all([waiting, session.update("m", () => 1)]);
    expect((await manager.load(session.id))?.get("a")).toBe(then);
  },
);

test.each(newer)("%s after a save that failed, likewise", async (_, set, change, then) => {
  const stage = new Stage();
  const manager = await stage.manager();
  const session = await visit(manager, await stored(manager));
  session.set("first", 0);
  const failing = session.update("n", () => {
    throw new Error("no");
  });
  set(session);
  const waiting = session.update("n", () => 1);
  await expect(failing).rejects.toThrow("no");
  change(session);
  await Promise.all([waiting, session.update("m", () => 1)]);
  expect((await manager.load(session.id))?.get("a")).toBe(then);
});

test.each(newer)("%s after a reload does not come before what has waited for it", async (_, set, change, then) => {
  const manager = await new Stage().manager();
  const session = await visit(manager, await stored(manager));
  const reloaded = session.reload();
  set(session);
  const waiting = session.update("n", () => 1);
  await reloaded;
  change(session);
  await Promise.all([waiting, session.update("m", () => 1)]);
  expect((await manager.load(session.id))?.get("a")).toBe(then);
});

test("two updates of one field, one of which has waited", async () => {
  const append = (what: string) => (list: unknown) => [...((list as string[] | undefined) ?? []), what];
  const { manager, session, saved } = await withOneWaiting(() => {});
  session.set("a", 1);
  const one = session.update("list", append("one"));
  await saved;
  session.set("a", 2);
  await Promise.all([one, session.update("list", append("two"))]);
  expect((await manager.load(session.id))?.get("list")).toEqual(["one", "two"]);
});

test.each(newer)("%s and a regenerate, after an update that waits", async (_, set, change, then) => {
  const { manager, session, waiting } = await withOneWaiting(set);
  change(session);
  await Promise.all([waiting, session.regenerate()]);
  expect((await manager.load(session.id))?.get("a")).toBe(then);
});

test("an owner that was taken away stays so", async () => {
  const { manager, session, saved, waiting } = await withOneWaiting((each) => {
    each.owner = "ada";
  });
  await saved;
  session.owner = undefined;
  await Promise.all([waiting, session.update("m", () => 1)]);
  expect(await manager.listOwned("ada")).toEqual([]);
});

test("a field that was set after an update of it is what the request sees, and goes on from", async () => {
  const manager = await new Stage().manager();
  for (const later of ["update", "regenerate"] as const) {
    const session = await visit(manager, await stored(manager));
    const updated = session.update("n", () => 1);
    session.set("n", 5);
    await (later === "update" ? session.update("m", () => 1) : session.regenerate());
    await updated;
    expect(session.get("n")).toBe(5);
    session.set("n", Number(session.get("n")) + 1);
    await session.release();
    expect((await manager.load(session.id))?.get("n")).toBe(6);
  }
});

test("an owner that is set while the session is being created is not forgotten", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  const session = await visit(manager);
  const creation = stage.hold("create");
  session.set("a", 1);
  const saved = session.release();
  await creation.reached;
  session.owner = "ada";
  await creation.proceed();
  await saved;
  await session.release();
  expect(await manager.listOwned("ada")).toHaveLength(1);
});

/** Answers what a client gets whose request the handler ends as it likes. */
async function respond(manager: Awaited<ReturnType<Stage["manager"]>>, handler: SessionHandler<SessionData>) {
  const id = await stored(manager);
  const server = createServer(manager.handler(handler));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}`, { headers: { cookie: `sessionid=${id}` } });
    await response.text();
    return { id, status: response.status, cookies: response.headers.getSetCookie() };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const delays = [0, 1, 2, 3, 5, 8, 13, 21, 34];
const ends = ["regenerate", "destroy"] as const;

/** Asks for a new id or the end of a session so many turns after the end of a response. */
async function endBeside(manager: Awaited<ReturnType<Stage["manager"]>>, end: (typeof ends)[number], delay: number) {
  let failure: unknown;
  const answer = await respond(manager, async (session, _req, res) => {
    session.set("a", 1);
    res.end("done");
    await ticks(delay);
    await session[end]().catch((error: unknown) => {
      failure = error;
    });
  });
  return { ...answer, failure };
}

test("regenerate beside the end of a response: its cookie goes out with it, or the call is too late", async () => {
  const manager = await new Stage().manager();
  for (const delay of delays) {
    const { id, cookies, failure } = await endBeside(manager, "regenerate", delay);
    if (failure === undefined) expect(cookies, `after ${delay}`).toHaveLength(1);
    else expect(failure).toMatchObject({ code: "SESS_HEADERS_SENT" });
    if (failure !== undefined) expect(await manager.exists(id)).toBe(true);
  }
});

test("destroy beside the end of a response: the session has ended, and only its cookie may be too late", async () => {
  const manager = await new Stage().manager();
  const cleared: number[] = [];
  for (const delay of delays) {
    const { id, cookies, failure } = await endBeside(manager, "destroy", delay);
    expect(failure, `after ${delay}`).toBe(undefined);
    expect(await manager.exists(id), `after ${delay}`).toBe(false);
    cleared.push(cookies.length);
  }
  expect(new Set(cleared)).toEqual(new Set([0, 1]));
});

test.each(ends)("%s beside a save that fails: its cookie goes out with the error, or comes too late", async (end) => {
  const stage = new Stage();
  const manager = await stage.manager();
  stage.largest = 2000;
  const sent: number[] = [];
  for (const delay of delays) {
    let failure: unknown;
    const { id, status, cookies } = await respond(manager, async (session, _req, res) => {
      session.set("a", "x".repeat(5000));
      res.end("x");
      await ticks(delay);
      session.flush();
      await session[end]().catch((error: unknown) => {
        failure = error;
      });
    });
    if (end === "regenerate" && failure === undefined) expect(cookies, `${status} after ${delay}`).toHaveLength(1);
    // A destroy has no need of the head.
    if (end === "destroy") expect(failure, `${status} after ${delay}`).toBe(undefined);
    expect(await manager.exists(id), `${failure} after ${delay}`).toBe(failure !== undefined);
    sent.push(cookies.length);
  }
  expect(new Set(sent)).toEqual(new Set([0, 1]));
});

test("a new id that is asked for beside a destroy is refused, and the destroy is not", async () => {
  const manager = await new Stage().manager();
  let regenerated: Promise<void> = Promise.resolve();
  const { status, cookies } = await respond(manager, (session, _req, res) => {
    session.set("a", 1);
    void session.destroy();
    regenerated = session.regenerate();
    regenerated.catch(() => {});
    res.end("x");
  });
  expect([status, cookies.length, cookies[0]?.includes("Max-Age=0")]).toEqual([200, 1, true]);
  await expect(regenerated).rejects.toMatchObject({ code: "SESS_GONE" });
});

test("a response leaves though its handler keeps on changing the session", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  let updates = 0;
  const { status } = await respond(manager, async (session, _req, res) => {
    stage.delay = 2;
    session.set("a", 1);
    res.end("x");
    for (; !res.writableFinished && updates < 500; updates++) await session.update("n", (n) => Number(n ?? 0) + 1);
  });
  expect(status).toBe(200);
  expect(updates).toBeLessThan(100);
});

test("a response waits for an update that waits behind a save", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  const { session, waiting } = await withOneWaiting((each) => each.set("a", 1));
  let stored = false;
  void waiting.then(() => {
    stored = true;
  });
  await (session as Session<SessionData>).forResponse.commit();
  expect(stored).toBe(true);
  await manager.close();
});

test("what is changed in the turn in which a save is asked for belongs to it", async () => {
  const manager = await new Stage().manager();
  const session = await visit(manager, await stored(manager));
  session.set("a", 1);
  const saved = session.release();
  session.set("b", 2);
  await saved;
  expect((await manager.load(session.id))?.get("b")).toBe(2);
});

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await Promise.resolve();
}

/** Does things to a session in the order of a seed, without waiting for most of them. Answers what is to come of it. */
async function doAnything(session: Visited, seed: number): Promise<Record<string, unknown>> {
  const below = random(seed);
  const model = new Map<string, unknown>([["made", 1]]);
  const asked: Promise<unknown>[] = [];
  const ask = (call: Promise<unknown>) => void asked.push(call.catch(() => {}));
  for (let step = 0; step < 14; step++) {
    const field = ["a", "b", "c"][below(3)] as string;
    const set = (value: number) => {
      session.set(field, value);
      model.set(field, value);
    };
    const actions = [
      () => set(step),
      () => set(-step),
      () => {
        session.delete(field);
        model.delete(field);
      },
      () => {
        if (below(3) > 0) return;
        session.flush();
        model.clear();
      },
      () => {
        const append = (list: unknown) => [...((list as unknown[] | undefined) ?? []), step];
        ask(session.update("list", append));
        model.set("list", append(model.get("list")));
      },
      () => ask(session.release()),
      () => ask(session.regenerate()),
    ];
    actions[below(actions.length)]?.();
    await ticks(Math.max(0, below(6) - 3));
    if (below(5) === 0) await asked[below(asked.length || 1)];
  }
  await Promise.all(asked);
  return Object.fromEntries([...model].sort());
}

// All of it is computing: on a machine with other things to do that may take long.
test("anything at all, in any order", { timeout: 60_000 }, async () => {
  const manager = await new Stage().manager();
  for (let seed = 1; seed <= 1500; seed++) {
    const session = await visit(manager, await stored(manager));
    const expected = await doAnything(session, seed);
    await session.release();
    const found = await manager.load(session.id);
    const fields =
      found
        ?.keys()
        .sort()
        .map((name) => [name, found.get(name)]) ?? [];
    expect(Object.fromEntries(fields), `seed ${seed}`).toEqual(expected);
  }
});
