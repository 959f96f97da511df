import { describe, expect, test } from "vitest";
import { Stage, stored, visit } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import { memory } from "../memory/memory.js";

// Use prolongs: a response, release(), disposal and touch(). Loading and reading alone write nothing.

const minute = 60_000;

/** A stage with a clock, and a Manager whose sessions end after half an hour without use. */
async function site(config: ManagerConfig = {}) {
  let time = 1e12;
  const now = () => time;
  const store = memory();
  const stage = new Stage(store);
  const manager = await stage.manager({ maxLifetime: 1800, now, ...config });
  const wait = (ms: number) => {
    time += ms;
  };
  const withCookie = (id: string) => new Request("http://host/", { headers: { cookie: `sessionid=${id}` } });
  return { store, stage, manager, wait, now, withCookie };
}

describe("what counts as use, every five minutes for two hours", () => {
  type Site = Awaited<ReturnType<typeof site>>;
  const uses: [string, (site: Site, id: string) => Promise<() => Promise<unknown>>][] = [
    [
      "release() of a session that was loaded once",
      async ({ manager }, id) => {
        const session = await manager.load(id);
        return async () => {
          session?.get("made");
          await session?.release();
        };
      },
    ],
    [
      "touch() of a session that was loaded once",
      async ({ manager }, id) => {
        const session = await manager.load(id);
        return async () => session?.touch();
      },
    ],
    [
      "reload() and touch(), as a socket does",
      async ({ manager }, id) => {
        const session = await manager.load(id);
        return async () => {
          expect(await session?.reload()).toBe(true);
          await session?.touch();
        };
      },
    ],
    [
      "disposal of a session that was loaded each time",
      async ({ manager }, id) =>
        async () => {
          await using session = await manager.load(id);
          session?.get("made");
        },
    ],
    [
      "begin(), without respond(): release()",
      async ({ manager, withCookie }, id) =>
        async () => {
          const session = await manager.begin(withCookie(id)).session();
          await session.release();
        },
    ],
    [
      "begin(), without respond(): disposal",
      async ({ manager, withCookie }, id) =>
        async () => {
          await using session = await manager.begin(withCookie(id)).session();
          session.get("made");
        },
    ],
    [
      "release() while somebody else changes the session",
      async ({ manager }, id) => {
        const session = await manager.load(id);
        const other = await visit(manager, id);
        other.set("theirs", 1);
        await other.release();
        return async () => session?.release();
      },
    ],
  ];

  test.each(uses)("%s", async (_, prepare) => {
    const all = await site();
    const id = await stored(all.manager);
    const use = await prepare(all, id);
    for (let passed = 0; passed < 120; passed += 5) {
      all.wait(5 * minute);
      await use();
    }
    expect(await all.manager.exists(id)).toBe(true);
    all.wait(31 * minute);
    expect(await all.manager.exists(id)).toBe(false);
  });

  test("but not past the absolute end", async () => {
    const { manager, wait } = await site({ absoluteLifetime: 3600 });
    const id = await stored(manager);
    const session = await manager.load(id);
    for (let passed = 0; passed < 55; passed += 5) {
      wait(5 * minute);
      await session?.touch();
    }
    expect(await manager.exists(id)).toBe(true);
    wait(5 * minute);
    expect(await manager.exists(id)).toBe(false);
  });
});

describe("touch", () => {
  test("load() and get() write nothing, and touch() and release() only when a tenth has passed, once", async () => {
    const { stage, manager, wait } = await site();
    const id = await stored(manager);
    stage.calls.length = 0;
    const session = await manager.load(id);
    wait(20 * minute);
    session?.get("made");
    expect(stage.calls.splice(0)).toEqual(["read"]);
    await session?.touch();
    await session?.touch();
    await session?.release();
    expect(stage.calls.splice(0)).toEqual(["touch"]);
    wait(3 * minute - 1);
    await session?.touch();
    expect(stage.calls.splice(0)).toEqual([]);
    wait(1);
    await session?.release();
    expect(stage.calls).toEqual(["touch"]);
  });

  test("a session that was destroyed meanwhile stays destroyed, and nobody is told", async () => {
    const { stage, manager, wait } = await site();
    const id = await stored(manager);
    const session = await manager.load(id);
    wait(5 * minute);
    await (await manager.load(id))?.destroy();
    await session?.touch();
    expect(await manager.exists(id)).toBe(false);
    expect(stage.calls.filter((call) => call === "touch")).toHaveLength(1);
  });

  test("a destroy between the refusal and the second try wins", async () => {
    const { store, stage, manager, wait, now } = await site();
    const other = await new Stage(store).manager({ maxLifetime: 1800, now });
    const id = await stored(manager);
    const session = await manager.load(id);
    await (await other.load(id))?.update("theirs", () => 1);
    wait(5 * minute);
    stage.hold("touch").proceed();
    const second = stage.hold("touch");
    const touching = session?.touch();
    await second.reached;
    await (await other.load(id))?.destroy();
    await second.proceed();
    await touching;
    expect(await other.exists(id)).toBe(false);
  });

  test("what others stored is prolonged, not shown, and not written over by a later change", async () => {
    const { manager, wait } = await site();
    const id = await stored(manager);
    const session = await manager.load(id);
    await (await manager.load(id))?.update("theirs", () => 1);
    wait(5 * minute);
    await session?.touch();
    expect(session?.has("theirs")).toBe(false);
    session?.set("mine", 2);
    await session?.release();
    const found = await manager.load(id);
    expect([found?.get("theirs"), found?.get("mine")]).toEqual([1, 2]);
  });

  test("a store that fails is an event, not an error", async () => {
    const { stage, manager, wait } = await site();
    const id = await stored(manager);
    const session = await manager.load(id);
    wait(5 * minute);
    stage.down = true;
    await session?.touch();
    await session?.release();
    stage.down = false;
    await session?.touch();
    wait(26 * minute);
    expect(await manager.exists(id)).toBe(true);
  });

  test("sends no cookie: a late one would overwrite a newer one", async () => {
    const { stage, manager, wait, withCookie } = await site();
    const id = await stored(manager);
    wait(5 * minute);
    const response = await manager.handle(withCookie(id), async (session) => {
      await session.touch();
      return new Response("ok");
    });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(stage.calls.filter((call) => call === "touch")).toHaveLength(1);
  });

  test("of what is not stored, or was destroyed here, does nothing", async () => {
    const { stage, manager, wait } = await site();
    const fresh = await visit(manager);
    await fresh.touch();
    const session = await manager.load(await stored(manager));
    await session?.destroy();
    wait(5 * minute);
    await session?.touch();
    expect(stage.calls).not.toContain("touch");
  });

  test("waits its turn: what is being stored prolongs already", async () => {
    const { stage, manager, wait } = await site();
    const session = await manager.load(await stored(manager));
    wait(5 * minute);
    const held = stage.hold("update");
    const updating = session?.update("n", () => 1);
    const touching = session?.touch();
    await held.reached;
    await held.proceed();
    await Promise.all([updating, touching]);
    expect(stage.calls).not.toContain("touch");
  });
});
