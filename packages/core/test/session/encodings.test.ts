import { createServer, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encode } from "../../src/codec/encode.js";
import type { StoreManager } from "../../src/manager/manager.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { type HeldCall, Stage, stored, visit } from "../../test-support/stage.js";
import { ask, closeServers, listen } from "../../test-support/test-client.js";

// How often an object that was handed out is encoded in one request: once for each time at which the application may have
// changed it since, and no more.

vi.mock("../../src/codec/encode.js", async (original) => {
  const real = await original<typeof import("../../src/codec/encode.js")>();
  return { ...real, encode: vi.fn(real.encode) };
});
const encodings = () => vi.mocked(encode).mock.calls.filter(([value]) => Array.isArray(value)).length;

type Handler = (session: SessionStore<SessionData>, res: ServerResponse) => unknown;
let stage: Stage;
let manager: StoreManager<SessionData>;
let id: string;
beforeEach(async () => {
  stage = new Stage();
  manager = await stage.manager();
  id = await stored(manager, { list: [1, 2, 3] });
  vi.mocked(encode).mockClear();
});
afterEach(closeServers);

async function overNode(handler: Handler): Promise<void> {
  const port = await listen(createServer(manager.handler((session, _, res) => handler(session, res))));
  await ask(port, "/", { cookie: `sessionid=${id}` });
}

const list = (session: SessionStore<SessionData>) => session.get("list") as number[];
const later = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("of a response", () => {
  test.each<[string, number, string, Handler]>([
    ["that reads", 1, "as it begins", (session, res) => res.end(list(session).join())],
    [
      "that reads and sets another field",
      2,
      "as it is stored, and when that is done",
      (session, res) => {
        list(session);
        session.set("n", 1);
        res.end();
      },
    ],
    [
      "that changes it in place",
      3,
      "as it is stored, the stored text beside it, and when that is done",
      (session, res) => {
        list(session).push(4);
        res.end();
      },
    ],
    [
      "that sets it",
      3,
      "as it is set, as it is stored, and when that is done",
      (session, res) => {
        session.set("list", [1]);
        res.end();
      },
    ],
    [
      "that streams",
      2,
      "as it begins, and as it ends",
      async (session, res) => {
        list(session);
        res.write("a");
        await later();
        res.end("b");
      },
    ],
    [
      "that releases",
      2,
      "as it is released, and as the response begins",
      async (session, res) => {
        list(session);
        session.set("n", 1);
        await session.release();
        res.end();
      },
    ],
  ])("%s: %i, %s", async (_, count, _when, handler) => {
    await overNode(handler);
    expect(encodings()).toBe(count);
  });

  test("that reads when it is time to prolong the session: once, and once when that is done", async () => {
    let now = Date.now();
    manager = await stage.manager({ now: () => now });
    now += 1_000_000;
    await overNode((session, res) => res.end(list(session).join()));
    expect([encodings(), stage.calls.at(-1)]).toEqual([1, "touch"]);
  });
});

describe("and what is changed at any of these times is stored before the head leaves", () => {
  const change: [string, (session: SessionStore<SessionData>) => void][] = [
    ["in place", (session) => void list(session).push(5)],
    ["by set", (session) => session.set("other", 5)],
  ];
  const first: [string, (session: SessionStore<SessionData>) => void][] = [
    ["a change in place", (session) => void list(session).push(4)],
    ["a set", (session) => session.set("n", 1)],
    ["nothing but a read", (session) => void list(session)],
  ];
  const all = first.flatMap(([before, begin]) => change.map(([how, then]) => [before, how, begin, then] as const));

  test.each(all)("after %s, %s, in the turn in which the response ends", async (_, how, begin, then) => {
    await overNode((session, res) => {
      begin(session);
      res.end();
      then(session);
    });
    await later();
    const now = await visit(manager, id);
    expect(how === "in place" ? list(now).at(-1) : now.get("other")).toBe(5);
  });

  test.each(all.filter(([before]) => !before.startsWith("nothing")))(
    "after %s, %s, while that is being stored",
    async (_, how, begin, then) => {
      const write: HeldCall = stage.hold("update");
      const answered = overNode(async (session, res) => {
        begin(session);
        res.end();
        await write.reached;
        then(session);
        await write.proceed();
      });
      await answered;
      const now = await visit(manager, id);
      expect(how === "in place" ? list(now).at(-1) : now.get("other")).toBe(5);
    },
  );
});
