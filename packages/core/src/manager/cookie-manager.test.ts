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
