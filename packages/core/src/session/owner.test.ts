import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { sessionKey } from "../ids.js";
import type { StoreManager } from "../manager/manager.js";
import { memory } from "../memory/memory.js";
import type { SessionData } from "./session-store.js";

// Whoever has the session can read whose it is; whoever has the store cannot.

async function site() {
  const store = memory();
  const [one, two] = [new Stage(store), new Stage(store)];
  const raw = await store.connect({ now: Date.now, contract: 1 });
  return { raw, one, two, a: await one.manager(), b: await two.manager() };
}

async function owned(manager: StoreManager<SessionData>, owner = "ada") {
  const session = await visit(manager);
  session.set("n", 1);
  session.owner = owner;
  await session.release();
  return session;
}

describe("session.owner can be read", () => {
  test("before and after it is stored, by this request and by the next ones", async () => {
    const { a, b } = await site();
    const session = await visit(a);
    expect(session.owner).toBeUndefined();
    session.owner = "ada@example.org";
    expect(session.owner).toBe("ada@example.org");
    session.set("n", 1);
    await session.release();
    expect(session.owner).toBe("ada@example.org");
    expect((await visit(b, session.id)).owner).toBe("ada@example.org");
    expect((await b.load(session.id))?.owner).toBe("ada@example.org");
  });

  test("under a new id, if it was set before, together with it, or in no request of this process", async () => {
    const { a, b } = await site();
    const session = await owned(a);
    await session.regenerate();
    expect(session.owner).toBe("ada");
    const again = await visit(b, session.id);
    await again.regenerate();
    expect([again.owner, (await a.load(again.id))?.owner]).toEqual(["ada", "ada"]);
    again.owner = "eve";
    await again.regenerate();
    expect([again.owner, (await a.load(again.id))?.owner]).toEqual(["eve", "eve"]);
  });

  test("set while the session is getting its new id, it is stored for that id", async () => {
    const { a, one } = await site();
    const session = await visit(a, await stored(a));
    const call = one.hold("create");
    const moved = session.regenerate();
    await call.reached;
    session.owner = "ada";
    expect(session.owner).toBe("ada");
    const [saved] = [session.release(), call.proceed()];
    await Promise.all([moved, saved]);
    expect(session.owner).toBe("ada");
    expect((await visit(a, session.id)).owner).toBe("ada");
  });

  test("set by another request while the session is getting its new id, it moves too", async () => {
    const { a, b, one } = await site();
    const id = await stored(a);
    const [session, other] = [await visit(a, id), await visit(b, id)];
    const call = one.hold("update");
    const moved = session.regenerate();
    await call.reached;
    other.owner = "ada";
    await other.release();
    await Promise.all([moved, call.proceed()]);
    expect(session.owner).toBe("ada");
    expect((await visit(b, session.id)).owner).toBe("ada");
  });

  test("after a failed save it is still what this request set, and the next save stores it", async () => {
    const { a, one } = await site();
    const session = await owned(a);
    session.owner = "eve";
    one.down = true;
    const saved = session.release();
    expect(await codeOf(saved)).toBe("SESS_UNAVAILABLE");
    one.down = false;
    expect(session.owner).toBe("eve");
    await session.release();
    expect((await visit(a, session.id)).owner).toBe("eve");
  });

  test("taken away, it is nobody's; of a session that ended, or was replaced by another request, there is none", async () => {
    const { a } = await site();
    const session = await owned(a);
    session.owner = undefined;
    expect(session.owner).toBeUndefined();
    await session.release();
    expect((await visit(a, session.id)).owner).toBeUndefined();
    const other = await owned(a);
    const [late, loaded] = [await a.load(other.id), await a.load(other.id)];
    await loaded?.regenerate();
    expect((await visit(a, other.id)).owner).toBeUndefined();
    await loaded?.destroy();
    expect([loaded?.owner, late?.owner]).toEqual([undefined, "ada"]);
  });

  test("the store, the key and what is logged do not tell it", async () => {
    const { a, raw } = await site();
    const session = await owned(a, "ada@example.org");
    const record = await raw.read(sessionKey("sessionid", session.id));
    expect(JSON.stringify(record)).not.toMatch(/ada@|example/);
    session.owner = "eve@example.org";
    const shown = inspect([session, a], { depth: 20, showHidden: true, getters: true, customInspect: false });
    expect(shown).not.toMatch(/ada@|eve@|example/);
  });

  test("of a session that an older version stored with an owner, the name is not known until it is set again", async () => {
    const { a, raw } = await site();
    const session = await owned(a);
    const key = sessionKey("sessionid", session.id);
    const record = await raw.read(key);
    if (record === undefined) throw new Error("nothing stored");
    const older = { ...record, data: record.data.replace(/"w":"[\w-]*",/, ""), version: "older" };
    expect(older.data).not.toBe(record.data);
    await raw.update(key, older, record.version);
    const fresh = await visit(a, session.id);
    expect(fresh.owner).toBeUndefined();
    expect(await a.listOwned("ada")).toHaveLength(1);
    fresh.owner = "ada";
    await fresh.release();
    expect((await visit(a, session.id)).owner).toBe("ada");
  });
});
