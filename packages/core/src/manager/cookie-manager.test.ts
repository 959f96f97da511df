import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import { openBrokenTokens } from "../conformance/tokens/broken/bench.js";
import type { TokenConnector } from "../provider.js";
import type { SessionData, SessionStore } from "../session/session-store.js";
import { createManager } from "./create-manager.js";

// What is core's own part where the client keeps its session; over HTTP it is tested with the cookie provider.

const open = openBrokenTokens({ name: "sound", fails: [] });
const key = new Uint8Array(32);
const tokens: TokenConnector = {
  kind: "token",
  name: "bench",
  connect: (context) => open({ ...context, keys: [key] }),
};

/** A manager, and a client that keeps what it is told to. */
async function site(config: ManagerConfig = {}) {
  let time = 1e12;
  const manager = await createManager(tokens, { now: () => time, ...config });
  async function visit(
    handler: (session: SessionStore<SessionData>, res: ServerResponse) => unknown,
    ...values: readonly (string | undefined)[]
  ): Promise<string | undefined> {
    const req = new IncomingMessage(new Socket());
    req.headers.cookie = values.map((value) => `sessionid=${value}`).join("; ");
    const res = new ServerResponse(req);
    await handler(await manager.start(req, res), res);
    res.end();
    await new Promise((resolve) => setImmediate(resolve));
    const [line] = [res.getHeader("set-cookie") ?? []].flat();
    return line === undefined ? undefined : /^sessionid=([^;]*)/.exec(String(line))?.[1];
  }
  const read = async (field: string, ...values: readonly (string | undefined)[]) => {
    let value: unknown;
    await visit(
      (session) => {
        value = session.get(field);
      },
      ...values,
    );
    return value;
  };
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  return { manager, visit, read, wait };
}

describe("changes at once in one request", () => {
  test("updates of one field all count, in a session that is there and in a new one", async () => {
    const { visit, read } = await site();
    const three = async (session: SessionStore<SessionData>) => {
      const add = () => session.update("n", (n) => Number(n ?? 0) + 1);
      expect(await Promise.all([add(), add(), add()])).toEqual([1, 2, 3].map((n) => n + start));
    };
    let start = 0;
    const first = await visit(three);
    expect(await read("n", first)).toBe(3);
    start = 3;
    expect(await read("n", await visit(three, first))).toBe(6);
  });

  test("updates of different fields, a release and a set all stay", async () => {
    const { visit, read } = await site();
    const token = await visit(async (session) => {
      session.set("c", 3);
      await Promise.all([session.update("a", () => 1), session.release(), session.update("b", () => 2)]);
    });
    expect([await read("a", token), await read("b", token), await read("c", token)]).toEqual([1, 2, 3]);
  });

  test("one that is too large is refused alone", async () => {
    const { visit, read } = await site();
    const token = await visit(async (session) => {
      const big = codeOf(session.update("big", () => "x".repeat(5000)));
      await Promise.all([session.update("a", () => 1), big, session.update("b", () => 2)]);
      expect(await big).toBe("SESS_TOO_LARGE");
    });
    expect([await read("a", token), await read("b", token), await read("big", token)]).toEqual([1, 2, undefined]);
  });

  test("what follows a regenerate is based on it", async () => {
    const { visit, read } = await site();
    const first = await visit((session) => session.set("n", 1));
    const token = await visit(async (session) => {
      const increment = () => session.update("n", (n) => Number(n) + 1);
      await Promise.all([increment(), session.regenerate(), increment()]);
    }, first);
    expect(await read("n", token)).toBe(3);
  });
});

describe("several cookies of our name", () => {
  test("two tokens of one session, as after a change of the cookie's path: the newer one", async () => {
    const { visit, read, wait } = await site();
    const old = await visit((session) => session.set("n", 1));
    wait(1000);
    const renewed = await visit((session) => session.set("n", 2), old);
    expect(await read("n", old, renewed)).toBe(2);
    expect(await read("n", renewed, old)).toBe(2);
    expect(await read("n", old, old)).toBe(1);
  });

  test("two sessions: one of them was planted, and the request has none", async () => {
    const { visit, read, wait } = await site();
    const mine = await visit((session) => session.set("n", 1));
    wait(1000);
    const planted = await visit((session) => session.set("n", 2));
    expect(await read("n", mine, planted)).toBe(undefined);
    const renewed = await visit((session) => session.set("n", 3), planted);
    expect(await read("n", mine, planted, renewed)).toBe(undefined);
  });

  test("signing in helps: the new token says in whose place it was put, also when it is sealed again", async () => {
    const { visit, read, wait } = await site();
    const mine = await visit((session) => session.set("n", 1));
    const planted = await visit((session) => session.set("n", 2));
    const signedIn = await visit(
      async (session) => {
        session.set("n", 3);
        await session.regenerate();
      },
      mine,
      planted,
    );
    wait(1000);
    const changed = await visit((session) => session.set("n", 4), signedIn);
    for (const rest of [mine, planted]) {
      expect([await read("n", rest, signedIn), await read("n", signedIn, rest)]).toEqual([3, 3]);
      expect(await read("n", rest, changed)).toBe(4);
    }
    expect(await read("n", mine, planted, changed)).toBe(4);
    // Whoever plants one later, or seals a planted one again, gains nothing by that.
    const later = await visit((session) => session.set("n", 5));
    const again = await visit((session) => session.set("n", 6), planted);
    expect([await read("n", later, changed), await read("n", again, changed)]).toEqual([undefined, 4]);
  });

  test("a new id takes the place of the old one, of which a cookie of another path may be left", async () => {
    const { visit, read } = await site();
    const tokens = [await visit((session) => session.set("n", 0))];
    for (let n = 1; n <= 9; n++) {
      const renew = async (session: SessionStore<SessionData>) => {
        session.set("n", n);
        await session.regenerate();
      };
      tokens.push(await visit(renew, tokens.at(-1)));
    }
    expect(await read("n", tokens[1], tokens[9])).toBe(9);
    expect(await read("n", ...tokens.slice(2, 10))).toBe(9);
    // Bounded, as the cookie is.
    expect(await read("n", tokens[0], tokens[9])).toBe(undefined);
  });

  test("a sign-in, or a sign-out, with two live ones clears the twins that can be named, before the new cookie", async () => {
    const setBy = async (config: ManagerConfig, host: string, handler: Handler) => {
      const name = config.cookieName ?? "sessionid";
      const manager = await createManager(tokens, config);
      const make = async () => {
        const response = await manager.handle(new Request(`https://${host}/`), (session) => {
          session.set("n", 1);
          return new Response();
        });
        return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      };
      const headers = { cookie: `${await make()}; ${await make()}` };
      const response = await manager.handle(new Request(`https://${host}/`, { headers }), handler);
      return response.headers.getSetCookie().map((line) => {
        const domain = /Domain=([^;]*)/.exec(line)?.[1] ?? "host";
        return `${line.startsWith(`${name}=;`) ? "clear" : "set"} ${domain}`;
      });
    };
    type Handler = (session: SessionStore<SessionData>) => Response | Promise<Response>;
    const signIn: Handler = (session) => {
      session.set("n", 2);
      return new Response();
    };
    const signOut: Handler = async (session) => {
      await session.destroy();
      return new Response();
    };
    const domain = "shop.test";
    expect(await setBy({ domain }, "www.shop.test", signIn)).toEqual(["clear host", "set shop.test"]);
    expect(await setBy({ domain }, "www.shop.test", signOut)).toEqual(["clear host", "clear shop.test"]);
    const parents = ["clear www.shop.test", "clear shop.test"];
    expect(await setBy({}, "www.shop.test:8443", signIn)).toEqual([...parents, "set host"]);
    expect(await setBy({}, "www.shop.test", signOut)).toEqual([...parents, "clear host"]);
    expect(await setBy({}, "www.shop.test", () => new Response())).toEqual([]);
    expect(await setBy({}, "a.b.c.d.e.test", signIn)).toHaveLength(4);
    expect(await setBy({ cookieName: "__Host-s" }, "www.shop.test", signIn)).toEqual(["set host"]);
    for (const host of ["localhost:3000", "127.0.0.1", "[::1]:80"]) {
      expect(await setBy({}, host, signIn)).toEqual(["set host"]);
    }
  });

  test("what is no token beside one that is: the token", async () => {
    const { visit, read } = await site();
    const mine = await visit((session) => session.set("n", 1));
    expect(await read("n", "x", mine, "")).toBe(1);
  });
});

test("one session that was destroyed is one event, whatever ids it had", async () => {
  const { visit } = await site();
  let events = 0;
  const count = () => {
    events += 1;
  };
  subscribe("sess:destroyed", count);
  const token = await visit((session) => session.set("n", 1));
  await visit(async (session) => {
    await session.regenerate();
    await session.destroy();
  }, token);
  unsubscribe("sess:destroyed", count);
  expect(events).toBe(1);
});
