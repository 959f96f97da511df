import { describe, expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { memory } from "../memory/memory.js";
import type { SessionData, SessionStore } from "./session-store.js";

// What update() says of a function it cannot use, and take().

describe("update() with a function that is not synchronous", () => {
  /** The rejection as a process's unhandledRejection would show it. */
  async function refused(start: (session: SessionStore<SessionData>) => Promise<unknown>) {
    const stage = new Stage();
    const manager = await stage.manager();
    const session = await visit(manager, await stored(manager));
    stage.calls.length = 0;
    const error = await start(session).then(
      () => undefined,
      (reason: Error & { code: string }) => reason,
    );
    return { error, calls: stage.calls };
  }

  const kinds: [string, () => (n: unknown) => unknown][] = [
    ["an async function", () => async () => 1],
    ["a function that returns a promise", () => () => Promise.resolve(1)],
    ["an async function that rejects", () => async () => Promise.reject(new Error("theirs"))],
    ["a function that returns a promise that rejects", () => () => Promise.reject(new Error("theirs"))],
  ];
  test.each(kinds)("%s: the error names the field, and shows who called; nothing is stored", async (_, make) => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown) => void unheard.push(reason);
    process.on("unhandledRejection", listen);
    const callerOfUpdate = (session: SessionStore<SessionData>) => session.update("visits", make() as never);
    const { error, calls } = await refused(callerOfUpdate);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listen);
    expect(error).toMatchObject({ name: "SessionError", code: "SESS_VALUE", status: 500 });
    expect(error?.message).toMatch(/field "visits".*synchronous/);
    expect(error?.stack).toMatch(/^SessionError: .*field "visits"[\s\S]*callerOfUpdate/);
    expect(calls).toEqual([]);
    expect(unheard).toEqual([]);
  });

  test("an async function is not run at all", async () => {
    let ran = false;
    await refused((session) =>
      session.update("visits", (async () => {
        ran = true;
      }) as never),
    );
    expect(ran).toBe(false);
  });

  test("also where it had to wait for another commit, and for what else cannot be kept", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const session = await visit(manager, await stored(manager));
    const held = stage.hold("update");
    session.set("first", 1);
    const first = session.release();
    const callerOfUpdate = () => session.update("visits", () => (() => {}) as never);
    const second = callerOfUpdate().catch((error: Error) => error);
    await held.reached;
    await held.proceed();
    await first;
    expect(await second).toMatchObject({
      code: "SESS_VALUE",
      message: expect.stringMatching(/field "visits".*a function/),
      stack: expect.stringMatching(/callerOfUpdate/),
    });
  });

  test("a name that may be data is not shown; what the function itself throws is passed on as it is", async () => {
    const { error } = await refused((session) => session.update("ada@example.com", (async () => 1) as never));
    expect(error?.message).not.toMatch(/ada|example/);
    const theirs = new RangeError("theirs");
    const thrown = await refused((session) =>
      session.update("n", () => {
        throw theirs;
      }),
    );
    expect(thrown.error).toBe(theirs);
  });
});

describe("take()", () => {
  test("gives a field and deletes it: of two tabs one shows it", async () => {
    const store = memory();
    const [manager, second] = [await new Stage(store).manager(), await new Stage(store).manager()];
    const id = await stored(manager, { flash: "saved", made: 1 });
    const tabs = [await visit(manager, id), await visit(second, id)];
    const shown = await Promise.all(tabs.map((tab) => tab.take("flash")));
    expect(shown.sort()).toEqual(["saved", undefined]);
    const later = await visit(manager, id);
    expect([await later.take("flash"), later.has("flash"), later.get("made")]).toEqual([undefined, false, 1]);
  });

  test("in both orders of commit, with the answer of one lost", async () => {
    for (const [first, last] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const store = memory();
      const stages = [new Stage(store), new Stage(store)] as const;
      const [manager, second] = [await stages[0].manager(), await stages[1].manager()];
      const id = await stored(manager, { flash: "saved" });
      const tabs = [await visit(manager, id), await visit(second, id)] as const;
      const holds = [stages[0].hold("update"), stages[1].hold("update")] as const;
      const taking = tabs.map((tab) => tab.take("flash"));
      await Promise.all(holds.map((held) => held.reached));
      await holds[first].lose();
      await holds[last].proceed();
      const taken = await Promise.all(taking);
      expect([taken[first], taken[last]]).toEqual(["saved", undefined]);
    }
  });

  test("of a missing field makes no call to the store, and stores nothing", async () => {
    const stage = new Stage();
    const manager = await stage.manager();
    const [fresh, session] = [await visit(manager), await visit(manager, await stored(manager))];
    stage.calls.length = 0;
    expect([await fresh.take("flash"), await session.take("flash")]).toEqual([undefined, undefined]);
    expect(stage.calls).toEqual([]);
  });

  test("takes what this request has set; and the object that get() gave", async () => {
    const manager = await new Stage().manager();
    const id = await stored(manager, { list: [1] });
    const session = await visit(manager, id);
    (session.get("list") as number[]).push(2);
    session.set("flash", "mine");
    expect([await session.take("flash"), await session.take("list"), session.has("list")]).toEqual([
      "mine",
      [1, 2],
      false,
    ]);
    expect((await manager.load(id))?.keys()).toEqual([]);
  });

  test("from a session that has ended is refused", async () => {
    const manager = await new Stage().manager();
    const id = await stored(manager, { flash: "saved" });
    const session = await visit(manager, id);
    await (await visit(manager, id)).destroy();
    expect(await codeOf(session.take("flash"))).toBe("SESS_GONE");
  });
});
