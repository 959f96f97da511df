import { afterEach, describe, expect, test, vi } from "vitest";
import { eventsOf } from "../../test-support/events.js";
import { idOf, show, signIn } from "../../test-support/handlers.js";
import { codeOf, Stage, stored } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { ResponseEvent } from "../diagnostics.js";
import { memory } from "../memory/memory.js";
import type { Provider, StoreConnector } from "../provider.js";
import type { SessionData } from "../session/session-store.js";
import { createManager } from "./create-manager.js";
import type { FetchHandler, StoreManager } from "./manager.js";

// A request that comes with several ids: dead ones before the live one, or several live ones. See decision 025.

const events = eventsOf<ResponseEvent>("sess:response");
afterEach(() => {
  vi.restoreAllMocks();
});

/** Two processes over one store. */
async function site(config: ManagerConfig = {}) {
  const store = memory();
  const [stage, other] = [new Stage(store), new Stage(store)];
  const [manager, second] = [await stage.manager(config), await other.manager(config)];
  return { store, stage, other, manager, second };
}

const dead = (count: number) => Array.from({ length: count }, (_, index) => String(index).repeat(43));
const cookies = (...ids: readonly string[]) => ({ cookie: ids.map((id) => `sessionid=${id}`).join("; ") });
const visit = (
  manager: StoreManager<SessionData>,
  handler: FetchHandler<SessionData>,
  headers: Record<string, string>,
  url = "http://shop.test/",
) => manager.handle(new Request(url, { headers }), handler);

const outcomes = () => events.splice(0).map(({ cookie }) => cookie);

describe("dead ids before the live one", () => {
  test.each([1, 3, 7])("%i dead cookies of our name do not hide it", async (count) => {
    const { manager } = await site();
    const id = await stored(manager, { user: "ada" });
    expect(await (await visit(manager, show, cookies(...dead(count), id))).text()).toBe("ada");
    expect(await (await visit(manager, show, cookies(id, ...dead(count)))).text()).toBe("ada");
  });

  test("what has not the shape of an id, and what was named before, does not count", async () => {
    const { manager, stage } = await site();
    const id = await stored(manager, { user: "ada" });
    const junk = Array.from({ length: 500 }, (_, index) => `junk${index}`);
    stage.calls.length = 0;
    const response = await visit(manager, show, cookies(...junk, ...Array(50).fill(dead(1)[0]), id));
    expect(await response.text()).toBe("ada");
    expect(stage.calls).toEqual(["read", "read"]);
  });

  test("of more than eight, eight are looked up, side by side", async () => {
    const { manager, stage } = await site();
    const id = await stored(manager, { user: "ada" });
    const held = Array.from({ length: 8 }, () => stage.hold("read"));
    stage.calls.length = 0;
    const answer = visit(manager, show, cookies(...dead(8), id));
    await Promise.all(held.map((call) => call.reached));
    for (const call of held) call.proceed();
    expect(await (await answer).text()).toBe("undefined");
    expect(stage.calls).toHaveLength(8);
  });

  test("a stale cookie does not hide the id in a header, or in the query", async () => {
    const { manager } = await site({ sidInHeader: true, sidInUrlQuery: true });
    const id = await stored(manager, { user: "ada" });
    const retired = await stored(manager, { user: "ada" });
    const replacing = await manager.load(retired);
    await replacing?.regenerate();
    for (const stale of [...dead(1), retired]) {
      const header = await visit(manager, show, { ...cookies(stale), "x-session-id": id });
      expect(await header.text()).toBe("ada");
      const query = { ...cookies(stale), "x-session-id": stale };
      expect(await (await visit(manager, show, query, `http://shop.test/?sessionid=${id}`)).text()).toBe("ada");
    }
  });

  test("a live cookie wins over the header, and that over the query", async () => {
    const { manager } = await site({ sidInHeader: true, sidInUrlQuery: true });
    const [one, two, three] = [
      await stored(manager, { user: "one" }),
      await stored(manager, { user: "two" }),
      await stored(manager, { user: "three" }),
    ];
    const url = `http://shop.test/?sessionid=${three}`;
    expect(await (await visit(manager, show, { ...cookies(one), "x-session-id": two }, url)).text()).toBe("one");
    expect(await (await visit(manager, show, { "x-session-id": two }, url)).text()).toBe("two");
  });

  test("one round trip where the provider can", async () => {
    const calls: unknown[] = [];
    const store = memory();
    const connector: StoreConnector = {
      ...store,
      connect: async (context) => {
        const inner = await store.connect(context);
        const provider: Provider = {
          ...bound(inner),
          read: (key) => {
            calls.push("read");
            return inner.read(key);
          },
          readMany: async (keys) => {
            calls.push(keys.length);
            return Promise.all(keys.map((key) => inner.read(key)));
          },
        };
        return provider;
      },
    };
    const manager = await createManager(connector);
    const id = await stored(manager, { user: "ada" });
    expect(await (await visit(manager, show, cookies(...dead(3), id))).text()).toBe("ada");
    expect(await (await visit(manager, show, cookies(id))).text()).toBe("ada");
    expect(calls).toEqual([4, "read"]);
  });

  test("a store that fails to read them is a 503", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { manager, stage } = await site();
    const id = await stored(manager, { user: "ada" });
    const [first, second] = [stage.hold("read"), stage.hold("read")];
    const answer = visit(manager, show, cookies(...dead(1), id));
    await Promise.all([first.reached, second.reached]);
    first.fail();
    second.proceed();
    expect((await answer).status).toBe(503);
  });
});

describe("several live sessions of our name", () => {
  async function two(config: ManagerConfig = {}) {
    const all = await site(config);
    const mine = await stored(all.manager, { user: "ada" });
    const planted = await stored(all.manager, { user: "eve" });
    return { ...all, mine, planted, both: cookies(planted, mine) };
  }

  test("are nobody's, and the event says so", async () => {
    const { manager, both } = await two();
    expect(await (await visit(manager, show, both)).text()).toBe("undefined");
    expect(outcomes()).toEqual(["ambiguous"]);
  });

  const signIns: [string, FetchHandler<SessionData>][] = [
    ["regenerate and set", signIn],
    [
      "set alone",
      (session) => {
        session.set("user", "ada");
        return new Response();
      },
    ],
    [
      "update",
      async (session) => {
        await session.update("user", () => "ada");
        return new Response();
      },
    ],
    [
      "release",
      async (session) => {
        session.set("user", "ada");
        await session.release();
        return new Response();
      },
    ],
  ];
  test.each(signIns)("signing in helps, by %s: the others are ended before the response leaves", async (_, handler) => {
    const { manager, both, mine, planted } = await two();
    const response = await visit(manager, handler, both);
    const id = idOf(response);
    expect([await manager.exists(mine), await manager.exists(planted)]).toEqual([false, false]);
    expect(await manager.count()).toBe(1);
    expect(response.headers.getSetCookie()).toHaveLength(1);
    // Whichever of the cookies the new one took the place of.
    for (const rest of [mine, planted]) {
      expect(await (await visit(manager, show, cookies(rest, id))).text()).toBe("ada");
    }
    expect(outcomes()).toEqual(["set", "unchanged", "unchanged"]);
  });

  test("a request that only reads ends nothing and writes nothing", async () => {
    const { manager, stage, both, mine, planted } = await two();
    stage.calls.length = 0;
    await visit(manager, show, both);
    await visit(
      manager,
      async (session) => {
        await session.regenerate();
        return new Response();
      },
      both,
    );
    expect(stage.calls).toEqual(["read", "read", "read", "read"]);
    expect([await manager.exists(mine), await manager.exists(planted)]).toEqual([true, true]);
  });

  test("signing out ends them all", async () => {
    const { manager, both, mine, planted } = await two();
    const response = await visit(
      manager,
      async (session) => {
        await session.destroy();
        return new Response();
      },
      both,
    );
    expect([await manager.exists(mine), await manager.exists(planted)]).toEqual([false, false]);
    expect(response.headers.getSetCookie()).toEqual([expect.stringContaining("Max-Age=0")]);
  });

  test("one that got a new id meanwhile is ended under that", async () => {
    const { manager, second, both, planted } = await two();
    let next = "";
    await visit(
      manager,
      async (session) => {
        const thief = await second.load(planted);
        await thief?.regenerate();
        next = thief?.id ?? "";
        return signIn(session, new Request("http://shop.test/"));
      },
      both,
    );
    expect([next.length, await manager.exists(next)]).toEqual([43, false]);
  });

  test("a write of one of them that is under way: acknowledged before or refused, and never brought back", async () => {
    for (const order of ["write first", "end first"] as const) {
      const { manager, stage, second, other, both, planted, mine } = await two();
      const writer = await second.load(planted);
      writer?.set("late", 1);
      const write = other.hold("update");
      const writing = codeOf(writer?.release() ?? Promise.resolve());
      await write.reached;
      const end = stage.hold("update");
      const signingIn = visit(manager, signIn, both);
      await end.reached;
      if (order === "write first") {
        await write.proceed();
        await end.proceed();
      } else {
        await end.proceed();
        await write.proceed();
      }
      const id = idOf(await signingIn);
      expect(await writing).toBe(order === "write first" ? "accepted" : "SESS_GONE");
      expect([await manager.exists(planted), await manager.exists(mine)]).toEqual([false, false]);
      expect(await (await visit(manager, show, cookies(planted, id))).text()).toBe("ada");
    }
  });

  test("two sign-ins at once with the same two cookies: each has a session of its own, the presented ones are gone", async () => {
    const { manager, second, both, mine, planted } = await two();
    const answers = await Promise.all([visit(manager, signIn, both), visit(second, signIn, both)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect([await manager.exists(mine), await manager.exists(planted), await manager.count()]).toEqual([
      false,
      false,
      2,
    ]);
  });

  test("a creation that fails ends nothing: the last ids that were acknowledged stay good", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { manager, stage, both, mine, planted } = await two();
    const create = stage.hold("create");
    const answer = visit(
      manager,
      (session) => {
        session.set("user", "x".repeat(10));
        stage.lossy = () => true;
        return new Response();
      },
      both,
    );
    await create.reached;
    stage.down = true;
    create.fail();
    expect((await answer).status).toBe(503);
    stage.down = false;
    stage.lossy = () => false;
    expect([await manager.exists(mine), await manager.exists(planted)]).toEqual([true, true]);
  });

  test("an end that fails is a 503 with the new cookie, and the next sign-in ends them", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { manager, stage, both, mine, planted } = await two();
    const create = stage.hold("create");
    const answering = visit(manager, signIn, both);
    await create.reached;
    await create.proceed();
    stage.down = true;
    const answer = await answering;
    stage.down = false;
    const id = idOf(answer);
    expect([answer.status, await manager.exists(id)]).toEqual([503, true]);
    expect(await manager.exists(mine)).toBe(true);
    const again = await visit(manager, signIn, cookies(planted, id));
    expect(await (await visit(manager, show, cookies(planted, idOf(again)))).text()).toBe("ada");
  });

  test("an owner's list has the new session alone", async () => {
    const { manager, both } = await two();
    await visit(
      manager,
      (session, request) => {
        session.owner = "ada";
        return signIn(session, request);
      },
      both,
    );
    expect(await manager.listOwned("ada")).toHaveLength(1);
  });
});

describe("why there is no session", () => {
  test("unknown: an id came that leads nowhere, whatever it looks like", async () => {
    const { manager } = await site({ sidInHeader: true });
    const ended = await stored(manager);
    await (await manager.load(ended))?.destroy();
    await visit(manager, show, cookies(...dead(1)));
    await visit(manager, show, cookies(ended));
    await visit(manager, show, cookies("another-frameworks-session"));
    await visit(manager, show, { "x-session-id": dead(1)[0] ?? "" });
    expect(outcomes()).toEqual(["unknown", "unknown", "unknown", "unknown"]);
    await visit(manager, show, {});
    await visit(manager, show, { cookie: "sessionid=; theme=dark" });
    expect(outcomes()).toEqual(["empty", "empty"]);
    await visit(manager, signIn, cookies(ended));
    expect(outcomes()).toEqual(["set"]);
  });

  test("two applications on one host, with the default name: each signs the other out, and both say so", async () => {
    const [shop, blog] = [(await site()).manager, (await site()).manager];
    let jar = idOf(await visit(shop, signIn, {}, "http://localhost:3000/"));
    const reading = await visit(blog, show, cookies(jar), "http://localhost:3001/");
    expect(await reading.text()).toBe("undefined");
    jar = idOf(await visit(blog, signIn, cookies(jar), "http://localhost:3001/"));
    expect(await (await visit(shop, show, cookies(jar), "http://localhost:3000/")).text()).toBe("undefined");
    expect(outcomes()).toEqual(["set", "unknown", "set", "unknown"]);
  });

  test("oversized: a Cookie header of up to 64 KB is read, a longer one is said to be too long", async () => {
    const { manager, stage } = await site();
    const id = await stored(manager, { user: "ada" });
    const header = (length: number) => {
      const mine = `sessionid=${id}; other=`;
      return { cookie: mine + "x".repeat(length - mine.length) };
    };
    expect(await (await visit(manager, show, header(64 * 1024))).text()).toBe("ada");
    stage.calls.length = 0;
    expect(await (await visit(manager, show, header(64 * 1024 + 1))).text()).toBe("undefined");
    expect(stage.calls).toEqual([]);
    expect(outcomes()).toEqual(["unchanged", "oversized"]);
    const response = await visit(
      manager,
      async (session) => {
        await session.destroy();
        return new Response();
      },
      header(70_000),
    );
    expect(response.headers.getSetCookie()).toEqual([expect.stringContaining("Max-Age=0")]);
  });
});

/** A provider's methods as functions that need no `this`. */
function bound(provider: Provider): Provider {
  return {
    read: (key) => provider.read(key),
    create: (key, record) => provider.create(key, record),
    update: (key, record, expected) => provider.update(key, record, expected),
    touch: (key, expiresAt, expected) => provider.touch(key, expiresAt, expected),
    count: () => provider.count(),
    gc: () => provider.gc(),
    close: () => provider.close(),
  };
}
