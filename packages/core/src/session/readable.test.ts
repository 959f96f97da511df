import { describe, expect, test } from "vitest";
import { Stage, stored, visit } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";

// What a page can show of its session: since when, until when, and whether there is one at all.

const start = 1e12;
const at = (seconds: number) => new Date(start + seconds * 1000);

async function site(config: ManagerConfig = {}) {
  let time = start;
  const stage = new Stage();
  const manager = await stage.manager({ now: () => time, maxLifetime: 1000, ...config });
  const wait = (seconds: number) => {
    time += seconds * 1000;
  };
  return { stage, manager, wait };
}

describe("created, expiresAt, lifetime and isNew", () => {
  test("of a session from its first visit on", async () => {
    const { manager, wait } = await site();
    const session = await visit(manager);
    const seen = () => [session.isNew, session.created, session.expiresAt, session.lifetime];
    expect(seen()).toEqual([true, undefined, undefined, 1000]);
    session.set("user", "ada");
    expect(seen()).toEqual([true, undefined, undefined, 1000]);
    await session.release();
    expect(seen()).toEqual([false, at(0), at(1000), 1000]);
    wait(10);
    await session.update("user", () => "bob");
    expect(seen()).toEqual([false, at(0), at(1010), 1000]);
    const other = await visit(manager, session.id);
    expect([other.isNew, other.created, other.expiresAt]).toEqual([false, at(0), at(1010)]);
  });

  test("expiresAt follows touch(), the session's own lifetime, and never passes the absolute end", async () => {
    const { manager, wait } = await site({ absoluteLifetime: 1500 });
    const session = await visit(manager, await stored(manager));
    wait(400);
    expect(session.expiresAt).toEqual(at(1000));
    await session.touch();
    expect(session.expiresAt).toEqual(at(1400));
    session.lifetime = 5000;
    expect([session.lifetime, session.expiresAt]).toEqual([5000, at(1400)]);
    await session.regenerate();
    expect([session.lifetime, session.expiresAt]).toEqual([5000, at(1500)]);
    expect(session.created).toEqual(at(0));
  });

  test("of one that was destroyed, or replaced by another request: there is none", async () => {
    const { manager } = await site();
    const id = await stored(manager);
    const [session, late] = [await visit(manager, id), await manager.load(id)];
    await late?.regenerate();
    const retired = await visit(manager, id);
    await session.destroy();
    for (const none of [session, retired]) {
      expect([none.created, none.expiresAt, none.lifetime]).toEqual([undefined, undefined, 1000]);
    }
    expect([session.isNew, retired.isNew]).toEqual([false, true]);
  });

  test("reading them writes nothing, and what is given out cannot be changed by the caller", async () => {
    const { manager, stage } = await site();
    const session = await visit(manager, await stored(manager));
    stage.calls.length = 0;
    session.created?.setFullYear(1970);
    session.expiresAt?.setFullYear(2100);
    await session.release();
    expect([session.created, session.expiresAt, stage.calls]).toEqual([at(0), at(1000), []]);
  });
});
