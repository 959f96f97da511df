import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import type { ResponseEvent } from "../../src/diagnostics.js";
import type { SessionHandler, StoreManager } from "../../src/manager/manager.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { eventsOf } from "../../test-support/events.js";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";

// What a request does with its session after its response has ended. Nothing of it is lost in silence.

const responses = eventsOf<ResponseEvent>("sess:response");
const errors = eventsOf<{ readonly error: unknown }>("sess:error");
const reported = () => errors.map(({ error }) => error);

/** Lets everything run that waits for nobody. */
async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves as the head of the next response leaves. */
function headHasLeft(): Promise<void> {
  return new Promise((resolve) => {
    const hear = () => {
      unsubscribe("sess:response", hear);
      resolve();
    };
    subscribe("sess:response", hear);
  });
}

/** A request with the id of a stored session, answered by a handler; what is asked for later is done by `later`. */
async function respond<T>(
  manager: StoreManager<SessionData>,
  handler: SessionHandler<SessionData>,
  later: (session: SessionStore<SessionData>) => T,
  id?: string,
) {
  let session: SessionStore<SessionData> | undefined;
  const server = createServer(
    manager.handler((given, req, res) => {
      session = given;
      return handler(given, req, res);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const headers = id === undefined ? {} : { cookie: `sessionid=${id}` };
    const response = await fetch(`http://127.0.0.1:${port}`, { headers });
    await response.text();
    const result = session === undefined ? undefined : await later(session);
    await turns();
    return { result, status: response.status, cookies: response.headers.getSetCookie() };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ok: SessionHandler<SessionData> = (_session, _req, res) => void res.end("ok");
const streamed: SessionHandler<SessionData> = (_session, _req, res) => {
  res.write("o");
  res.end("k");
};
const handlers = [
  ["an end", ok],
  ["a head and an end", streamed],
] as const;

describe.each(handlers)("after %s", (_, handler) => {
  test("a destroy ends what is stored, and the event says that the cookie stayed", async () => {
    const manager = await new Stage().manager();
    const id = await stored(manager);
    const { result, cookies } = await respond(manager, handler, (session) => codeOf(session.destroy()), id);
    expect(result).toBe("accepted");
    expect(await manager.exists(id)).toBe(false);
    expect(cookies).toEqual([]);
    expect(responses.map(({ cookie }) => cookie)).toEqual(["unchanged", "not-cleared"]);
  });

  test("a destroy of a session that this response began leaves nothing", async () => {
    const manager = await new Stage().manager();
    const begin: SessionHandler<SessionData> = (session, req, res) => {
      session.set("n", 1);
      return handler(session, req, res);
    };
    const { result } = await respond(manager, begin, (session) => codeOf(session.destroy()));
    expect(result).toBe("accepted");
    expect(await manager.count()).toBe(0);
    expect(responses.map(({ cookie }) => cookie)).toEqual(["set", "not-cleared"]);
  });

  test("a destroy where there is nothing does nothing", async () => {
    const manager = await new Stage().manager();
    expect((await respond(manager, handler, (session) => codeOf(session.destroy()))).result).toBe("accepted");
    expect(responses.map(({ cookie }) => cookie)).toEqual(["empty"]);
  });

  test("a destroy that fails says so", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const id = await stored(manager);
    const destroy = (session: SessionStore<SessionData>) => {
      stage.down = true;
      return codeOf(session.destroy());
    };
    expect((await respond(manager, handler, destroy, id)).result).toBe("SESS_UNAVAILABLE");
    stage.down = false;
    expect(await manager.exists(id)).toBe(true);
    expect(responses.map(({ cookie }) => cookie)).toEqual(["unchanged"]);
  });

  type Change = (session: SessionStore<SessionData>) => void;
  const changes: [string, Change, unknown][] = [
    ["a field that is set", (session) => session.set("a", "new"), { a: "new", list: [1] }],
    ["a field that is deleted", (session) => session.delete("a"), { list: [1] }],
    ["a flush", (session) => session.flush(), {}],
    ["an object that is changed", (session) => (session.get("list") as number[]).push(2), { a: "old", list: [1, 2] }],
  ];

  test.each(changes)("%s is stored by itself", async (_name, change, then) => {
    const manager = await new Stage().manager();
    const id = await stored(manager, { a: "old", list: [1] });
    await respond(manager, handler, change, id);
    const found = await manager.load(id);
    expect(Object.fromEntries(found?.keys().map((name) => [name, found.get(name)]) ?? [])).toEqual(then);
    expect(reported()).toEqual([]);
  });

  test("an owner that is set is stored by itself", async () => {
    const manager = await new Stage().manager();
    const own = (session: SessionStore<SessionData>) => {
      session.owner = "ada";
    };
    await respond(manager, handler, own, await stored(manager));
    expect(await manager.listOwned("ada")).toHaveLength(1);
  });

  test("several changes of one turn are one write", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const id = await stored(manager);
    const change = (session: SessionStore<SessionData>) => {
      stage.calls.length = 0;
      session.set("a", 1);
      session.set("b", 2);
      session.delete("made");
    };
    await respond(manager, handler, change, id);
    expect(stage.calls).toEqual(["update"]);
  });

  test("a store that fails is reported, once", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const change = (session: SessionStore<SessionData>) => {
      stage.largest = 10;
      session.set("a", 1);
    };
    await respond(manager, handler, change, await stored(manager));
    expect(reported()).toEqual([expect.objectContaining({ code: "SESS_TOO_LARGE" })]);
  });

  test("a session that has ended meanwhile is reported", async () => {
    const manager = await new Stage().manager();
    const id = await stored(manager);
    const change = async (session: SessionStore<SessionData>) => {
      await (await visit(manager, id)).destroy();
      session.set("a", 1);
    };
    await respond(manager, handler, change, id);
    expect(reported()).toEqual([expect.objectContaining({ code: "SESS_GONE" })]);
  });

  test("a caller of release gets the failure, and nobody else does", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const change = (session: SessionStore<SessionData>) => {
      stage.largest = 10;
      session.set("a", 1);
      return codeOf(session.release());
    };
    expect((await respond(manager, handler, change, await stored(manager))).result).toBe("SESS_TOO_LARGE");
    expect(reported()).toEqual([]);
  });

  test("what needs a cookie is refused", async () => {
    const manager = await new Stage().manager();
    const set = (session: SessionStore<SessionData>) => () => session.set("a", 1);
    const { result } = await respond(manager, handler, (session) => set(session));
    expect(result).toThrow(expect.objectContaining({ code: "SESS_HEADERS_SENT" }));
    const regenerate = (session: SessionStore<SessionData>) => codeOf(session.regenerate());
    expect((await respond(manager, handler, regenerate, await stored(manager))).result).toBe("SESS_HEADERS_SENT");
  });
});

test.each([0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 20])(
  "a change %i turns after an end that stores something is not lost",
  async (count) => {
    const manager = await new Stage().manager();
    const id = await stored(manager);
    const handler: SessionHandler<SessionData> = async (session, _req, res) => {
      session.set("a", 1);
      res.end("ok");
      for (let i = 0; i < count; i++) await Promise.resolve();
      session.set("late", true);
    };
    await respond(manager, handler, () => {}, id);
    expect((await manager.load(id))?.get("late")).toBe(true);
  },
);

test("a change while the end of a stream waits for the store is stored", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  const id = await stored(manager);
  const handler: SessionHandler<SessionData> = async (session, _req, res) => {
    res.write("a");
    session.set("a", 1);
    const held = stage.hold("update");
    res.end("b");
    await held.reached;
    session.set("late", true);
    await turns(3);
    await held.proceed();
  };
  await respond(manager, handler, () => {}, id);
  expect((await manager.load(id))?.get("late")).toBe(true);
});

test("of a stream whose client has gone, what is changed is stored", async () => {
  const manager = await new Stage().manager();
  const id = await stored(manager);
  let done: () => void = () => {};
  const changed = new Promise<void>((resolve) => {
    done = resolve;
  });
  const server = createServer(
    manager.handler((session, _req, res) => {
      res.write("a");
      res.once("close", () => {
        session.set("late", true);
        done();
      });
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const abort = new AbortController();
  await fetch(`http://127.0.0.1:${port}`, { headers: { cookie: `sessionid=${id}` }, signal: abort.signal });
  abort.abort();
  await changed;
  await turns();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect((await manager.load(id))?.get("late")).toBe(true);
});

test("Fetch: what is changed while the body is read is stored by itself, and destroyed", async () => {
  const manager = await new Stage().manager();
  const id = await stored(manager);
  const exchange = manager.begin(new Request("http://host/", { headers: { cookie: `sessionid=${id}` } }));
  const session = await exchange.session();
  await exchange.respond(new Response("ok"));
  session.set("late", true);
  await turns();
  expect((await manager.load(id))?.get("late")).toBe(true);
  await session.destroy();
  expect(await manager.exists(id)).toBe(false);
  expect(responses.map(({ cookie }) => cookie)).toEqual(["unchanged", "not-cleared"]);
});

test("a response leaves though something changes its session all the while; nothing of that is lost", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  const id = await stored(manager);
  let changes = 0;
  const handler: SessionHandler<SessionData> = async (session, _req, res) => {
    const finished = headHasLeft();
    let held = stage.hold("update");
    session.set("n", 0);
    res.end("ok");
    // As a timer would that is quicker than the store. Until the head has left: Node calls a held response finished.
    while (responses.length === 0 && changes < 50) {
      await Promise.race([held.reached, finished]);
      session.set("n", ++changes);
      const next = stage.hold("update");
      void held.proceed();
      held = next;
    }
    void held.proceed();
  };
  const { status } = await respond(manager, handler, () => {}, id);
  expect(status).toBe(200);
  expect(changes).toBeLessThan(5);
  expect((await manager.load(id))?.get("n")).toBe(changes);
});

test("a change that comes as the head stops waiting is stored by itself", async () => {
  const stage = new Stage();
  const manager = await stage.manager();
  const id = await stored(manager);
  const handler: SessionHandler<SessionData> = async (session, _req, res) => {
    const rounds = [stage.hold("update"), stage.hold("update")];
    session.set("n", 0);
    res.end("ok");
    for (const [index, held] of rounds.entries()) {
      await held.reached;
      session.set("n", index + 1);
      void held.proceed();
    }
  };
  await respond(manager, handler, () => {}, id);
  expect((await manager.load(id))?.get("n")).toBe(2);
});
