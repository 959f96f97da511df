import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import type { RefusedEvent, SessionEvent, StoreErrorEvent } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import { sessionKey } from "../ids.js";
import { memory } from "../memory/memory.js";
import type { Provider, SessionRecord } from "../provider.js";
import type { Session } from "./session.js";
import type { SessionData } from "./session-store.js";

// The session of one request: fields, values, lifetimes, events.

async function process(config: { readonly now?: () => number; readonly maxLifetime?: number } = {}) {
  const store = memory();
  const stage = new Stage(store);
  const manager = await stage.manager(config);
  const raw = await store.connect({ now: config.now ?? Date.now, contract: 1 });
  return { stage, store, manager, raw };
}

const keyOf = (id: string) => sessionKey("sessionid", id);

describe("concurrent requests", () => {
  test("that write different fields lose nothing, in both orders of commit", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { store, manager } = await process();
      const other = await new Stage(store).manager();
      const id = await stored(manager);
      const requests = [await visit(manager, id), await visit(other, id)] as const;
      requests[0].set("first", 1);
      requests[1].set("second", 2);
      for (const index of order) await requests[index].release();
      const session = await manager.load(id);
      expect([session?.get("made"), session?.get("first"), session?.get("second")]).toEqual([1, 1, 2]);
    }
  });

  test("that change values in place lose nothing, unless it is one field: then the last commit wins", async () => {
    const { manager } = await process();
    const id = await stored(manager, { cart: ["bread"], seen: new Set([1]) });
    const [one, two] = [await visit(manager, id), await visit(manager, id)];
    (one.get("cart") as string[]).push("milk");
    (two.get("seen") as Set<number>).add(2);
    await one.release();
    await two.release();
    const session = await manager.load(id);
    expect(session?.get("cart")).toEqual(["bread", "milk"]);
    expect(session?.get("seen")).toEqual(new Set([1, 2]));
  });

  test("flush deletes what others wrote meanwhile, and keeps what was set after it", async () => {
    const { manager } = await process();
    const id = await stored(manager);
    const [one, two] = [await visit(manager, id), await visit(manager, id)];
    one.flush();
    one.set("mine", 1);
    two.set("theirs", 2);
    await two.release();
    await one.release();
    const session = await manager.load(id);
    expect([session?.has("made"), session?.has("theirs"), session?.get("mine")]).toEqual([false, false, 1]);
  });

  test("a reader beside a writer reverts nothing", async () => {
    const { manager } = await process();
    const id = await stored(manager, { list: [1] });
    const [reader, writer] = [await visit(manager, id), await visit(manager, id)];
    reader.get("list");
    writer.set("list", [1, 2]);
    await writer.release();
    await reader.release();
    expect((await manager.load(id))?.get("list")).toEqual([1, 2]);
  });

  test("an update that throws is rejected alone and leaves no trace", async () => {
    const { stage, manager } = await process();
    const id = await stored(manager);
    const hold = stage.hold("update");
    const sessions = await Promise.all([
      visit(manager, id),
      visit(manager, id),
      visit(manager, id),
      visit(manager, id),
    ]);
    const first = sessions[0].update("n", () => 1);
    await hold.reached;
    sessions[1].set("a", 1);
    const good = sessions[1].release();
    sessions[2].set("b", 1);
    const bad = sessions[2].update("n", () => {
      throw new RangeError("no");
    });
    const unkeepable = codeOf(sessions[3].update("n", () => (() => {}) as never));
    await hold.proceed();
    await Promise.all([first, good]);
    await expect(bad).rejects.toThrow(RangeError);
    expect(await unkeepable).toBe("SESS_VALUE");
    const session = await manager.load(id);
    expect([session?.get("n"), session?.get("a"), session?.has("b")]).toEqual([1, 1, false]);
    await sessions[2].release();
    expect((await manager.load(id))?.get("b")).toBe(1);
  });

  test("a batch that is too large is committed member by member, and only the large one is refused", async () => {
    const { stage, manager } = await process();
    const id = await stored(manager);
    stage.largest = 400;
    const hold = stage.hold("update");
    const [first, small, large] = await Promise.all([visit(manager, id), visit(manager, id), visit(manager, id)]);
    const holding = first.update("n", () => 1);
    await hold.reached;
    small.set("small", "x");
    large.set("large", "x".repeat(400));
    const [saving, refused] = [small.release(), codeOf(large.release())];
    await hold.proceed();
    await Promise.all([holding, saving]);
    expect(await refused).toBe("SESS_TOO_LARGE");
    const session = await manager.load(id);
    expect([session?.get("small"), session?.has("large")]).toEqual(["x", false]);
  });

  test("the queue of one session is bounded", async () => {
    const { stage, manager } = await process();
    const id = await stored(manager);
    const hold = stage.hold("update");
    const session = await visit(manager, id);
    const updates = Array.from({ length: 1002 }, () => codeOf(session.update("n", (n) => ((n as number) ?? 0) + 1)));
    await hold.reached;
    await hold.proceed();
    const codes = await Promise.all(updates);
    expect(codes.filter((code) => code === "accepted").length).toBe(1001);
    expect(codes.at(-1)).toBe("SESS_UNAVAILABLE");
    expect((await manager.load(id))?.get("n")).toBe(1001);
  });
});

describe("values", () => {
  test("keys: the fields there are, with what was changed and is not stored, in the order of their first writing", async () => {
    const { manager, stage } = await process();
    const session = await visit(manager, await stored(manager, { a: 1, b: 2, c: 3 }));
    expect(session.keys()).toEqual(["a", "b", "c"]);
    session.set("b", 4);
    session.set("__proto__", 5);
    session.delete("a");
    expect(session.keys()).toEqual(["b", "c", "__proto__"]);
    const update = stage.hold("update");
    const saved = session.release();
    await update.reached;
    session.set("a", 6);
    expect(session.keys()).toEqual(["b", "c", "__proto__", "a"]);
    await update.proceed();
    await saved;
    expect(session.keys()).toEqual(["b", "c", "__proto__", "a"]);
    session.flush();
    session.set("d", 7);
    expect(session.keys()).toEqual(["d"]);
    await session.destroy();
    expect(session.keys()).toEqual([]);
  });

  test("get gives the same object in one request, and another one in another", async () => {
    const { manager } = await process();
    const id = await stored(manager, { cart: [] });
    const [one, two] = [await visit(manager, id), await visit(manager, id)];
    expect(one.get("cart")).toBe(one.get("cart"));
    expect(one.get("cart")).not.toBe(two.get("cart"));
    const given = { a: 1 };
    one.set("given", given);
    expect(one.get("given")).toBe(given);
  });

  test("what was set is taken as it is when it is stored, and refused at once when it cannot be kept", async () => {
    const { manager } = await process();
    const session = await visit(manager);
    const cart = ["bread"];
    session.set("cart", cart);
    cart.push("milk");
    expect(() => session.set("fn", () => 1)).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
    await session.release();
    expect((await manager.load(session.id))?.get("cart")).toEqual(["bread", "milk"]);
  });

  test("an object that turned into something that cannot be kept fails the save", async () => {
    const { manager } = await process();
    const id = await stored(manager, { cart: [1] });
    const session = await visit(manager, id);
    (session.get("cart") as unknown[]).push(() => 1);
    expect(await codeOf(session.release())).toBe("SESS_VALUE");
    expect((await manager.load(id))?.get("cart")).toEqual([1]);
  });

  test("after a commit in the middle, objects keep their identity and are watched from there", async () => {
    const { stage, manager } = await process();
    const id = await stored(manager, { cart: ["bread"] });
    const session = await visit(manager, id);
    const cart = session.get("cart") as string[];
    cart.push("milk");
    await session.release();
    expect(session.get("cart")).toBe(cart);
    stage.calls.length = 0;
    await session.release();
    expect(stage.calls).toEqual([]);
    cart.push("tea");
    await session.release();
    expect((await manager.load(id))?.get("cart")).toEqual(["bread", "milk", "tea"]);
  });

  test("update sees this request's earlier changes and gives the committed value", async () => {
    const { manager } = await process();
    const session = await visit(manager, await stored(manager, { list: [1] }));
    (session.get("list") as number[]).push(2);
    expect(await session.update("list", (list) => [...(list as number[]), 3])).toEqual([1, 2, 3]);
    expect(session.get("list")).toEqual([1, 2, 3]);
    expect(await session.update("list", () => undefined)).toBe(undefined);
    expect(session.has("list")).toBe(false);
  });

  test("what is set while an update is under way is not overwritten by it", async () => {
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager));
    const hold = stage.hold("update");
    const updating = session.update("n", () => 1);
    await hold.reached;
    session.set("n", 2);
    await hold.proceed();
    await updating;
    expect(session.get("n")).toBe(2);
    await session.release();
    expect((await manager.load(session.id))?.get("n")).toBe(2);
  });

  test("hostile names and values come back as they were (G6)", async () => {
    const { manager } = await process();
    const names = ["__proto__", "constructor", "", "\0", "\ud800", "🍪", "a\nb", "toString", "$", " x "];
    const session = await visit(manager);
    for (const name of names) session.set(name, { [name]: name, list: [name, undefined, -0] });
    session.set("big", "x".repeat(300_000));
    await session.release();
    const loaded = await manager.load(session.id);
    for (const name of names) {
      const value = loaded?.get(name) as Record<string, unknown>;
      expect(Object.hasOwn(value, name) && value[name]).toBe(name);
      expect(value.list).toStrictEqual([name, undefined, -0]);
    }
    expect(loaded?.get("big")).toHaveLength(300_000);
    expect(({} as Record<string, unknown>).list).toBe(undefined);
  });

  test("undefined deletes; a name that is no string is SESS_VALUE", async () => {
    const { manager } = await process();
    const session = await visit(manager, await stored(manager));
    session.set("made", undefined);
    expect(session.has("made")).toBe(false);
    await session.release();
    expect((await manager.load(session.id))?.has("made")).toBe(false);
    expect(() => session.set(1 as never, 1)).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
  });

  test("a failed save keeps the changes for another", async () => {
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager));
    session.set("a", 1);
    stage.down = true;
    expect(await codeOf(session.release())).toBe("SESS_UNAVAILABLE");
    stage.down = false;
    expect(session.get("a")).toBe(1);
    session.set("b", 2);
    await session.release();
    const loaded = await manager.load(session.id);
    expect([loaded?.get("a"), loaded?.get("b")]).toEqual([1, 2]);
  });

  test("of several saves that failed the newest changes win, as they were made (found by the explorer)", async () => {
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager, { list: [] }));
    const list = session.get("list") as number[];
    stage.down = true;
    list.push(1);
    const first = codeOf(session.update("n", () => 1));
    list.push(2);
    const second = codeOf(session.update("n", () => 2));
    expect([await first, await second]).toEqual(["SESS_UNAVAILABLE", "SESS_UNAVAILABLE"]);
    stage.down = false;
    await session.release();
    expect((await manager.load(session.id))?.get("list")).toEqual([1, 2]);
  });

  test("a save that failed does not undo a later one", async () => {
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager));
    const attempts = Array.from({ length: 5 }, () => stage.hold("update"));
    session.set("a", 1);
    const first = codeOf(session.release());
    await attempts[0]?.reached;
    session.set("a", 2);
    const second = codeOf(session.release());
    for (const attempt of attempts) {
      await attempt.reached;
      attempt.fail();
    }
    expect([await first, await second]).toEqual(["SESS_UNAVAILABLE", "accepted"]);
    await session.release();
    expect((await manager.load(session.id))?.get("a")).toBe(2);
  });

  test("updates of one request share a batch", async () => {
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager));
    stage.calls.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => session.update("n", (n) => Number(n ?? 0) + 1)));
    expect(stage.calls.length).toBeLessThanOrEqual(2);
    expect((await manager.load(session.id))?.get("n")).toBe(20);
  });

  test("reload shows what others stored and keeps what was not", async () => {
    const { manager } = await process();
    const id = await stored(manager, { list: [1] });
    const session = await visit(manager, id);
    session.get("list");
    session.set("mine", 1);
    const other = await visit(manager, id);
    other.set("list", [1, 2]);
    await other.release();
    expect(await session.reload()).toBe(true);
    expect(session.get("list")).toEqual([1, 2]);
    expect(session.get("mine")).toBe(1);
    await (await visit(manager, id)).destroy();
    expect(await session.reload()).toBe(false);
  });

  test("a session destroyed by its own request holds nothing and takes nothing", async () => {
    const { manager } = await process();
    const session = await visit(manager, await stored(manager));
    await session.destroy();
    expect(session.has("made")).toBe(false);
    expect(() => session.set("x", 1)).toThrow(expect.objectContaining({ code: "SESS_GONE" }));
    await session.destroy();
    await session.release();
  });

  test("a loaded session is stored as it is disposed of", async () => {
    const { manager } = await process();
    const id = await stored(manager);
    {
      await using session = await manager.load(id);
      session?.set("n", 1);
    }
    expect((await manager.load(id))?.get("n")).toBe(1);
  });
});

describe("lifetimes", () => {
  const hour = 3_600_000;

  test("idle: a session not used for so long does not exist (@fastify/session CVE-2024-35220)", async () => {
    let now = 1e12;
    const { manager } = await process({ now: () => now });
    const id = await stored(manager);
    now += hour - 1;
    expect(await manager.exists(id)).toBe(true);
    now += 1;
    expect(await manager.exists(id)).toBe(false);
    expect((await visit(manager, id)).id).not.toBe(id);
  });

  test("a save prolongs it, and a read after a tenth of the lifetime touches it", async () => {
    let now = 1e12;
    const { stage, manager } = await process({ now: () => now });
    const id = await stored(manager);
    stage.calls.length = 0;
    now += hour / 10 - 1;
    await commitFor(await visit(manager, id));
    expect(stage.calls.splice(0)).toEqual(["read"]);
    now += 1;
    await commitFor(await visit(manager, id));
    expect(stage.calls.splice(0)).toEqual(["read", "touch"]);
    now += hour - 1;
    expect(await manager.exists(id)).toBe(true);
  });

  test("a touch that fails is silent", async () => {
    let now = 1e12;
    const { stage, manager } = await process({ now: () => now });
    const session = await visit(manager, await stored(manager));
    now += hour / 2;
    stage.down = true;
    await commitFor(session);
    expect(stage.calls.at(-1)).toBe("touch");
  });

  test("absolute: neither saves nor touches nor a new id move it", async () => {
    let now = 1e12;
    const stage = new Stage();
    const manager = await stage.manager({ now: () => now, maxLifetime: 3600, absoluteLifetime: 5400 });
    const id = await stored(manager);
    now += hour - 1;
    const session = await visit(manager, id);
    session.set("n", 1);
    await session.release();
    await session.regenerate();
    now += hour / 2;
    expect(await manager.exists(session.id)).toBe(true);
    await commitFor(await visit(manager, session.id));
    now += 1;
    expect(await manager.exists(session.id)).toBe(false);
  });

  test("a turned-back clock never shortens what was promised", async () => {
    let now = 1e12;
    const { manager, raw } = await process({ now: () => now });
    const id = await stored(manager);
    const before = (await raw.read(keyOf(id)))?.expiresAt ?? 0;
    now -= hour / 2;
    const session = await visit(manager, id);
    session.set("n", 1);
    await session.release();
    expect((await raw.read(keyOf(id)))?.expiresAt).toBe(before);
  });
});

/** As the response does. */
async function commitFor(session: object): Promise<void> {
  await (session as Session<SessionData>).forResponse.commit();
}

describe("records", () => {
  async function tampered(change: (record: SessionRecord) => SessionRecord) {
    const { manager, raw } = await process();
    const id = await stored(manager);
    await replace(raw, keyOf(id), change);
    return { manager, id };
  }

  async function replace(raw: Provider, key: string, change: (record: SessionRecord) => SessionRecord) {
    const record = (await raw.read(key)) as SessionRecord;
    await raw.update(key, { ...change(record), version: "tampered" }, record.version);
  }

  test("of an unknown envelope version are a typed error, not no session", async () => {
    const { manager, id } = await tampered((record) => ({ ...record, data: '{"e":2,"future":true}\nwhatever' }));
    expect(await codeOf(manager.load(id))).toBe("SESS_ENVELOPE");
    expect(await codeOf(visit(manager, id))).toBe("SESS_ENVELOPE");
  });

  test("that are torn or no envelope at all are no session", async () => {
    const damages: ((data: string) => string)[] = [
      (data) => data.slice(0, -1),
      (data) => `${data}x`,
      (data) => data.slice(0, 5),
      () => "",
      () => "[]\n",
      () => '{"e":1}\n',
      () => "<html>",
    ];
    for (const damage of damages) {
      const { manager, id } = await tampered((record) => ({ ...record, data: damage(record.data) }));
      expect(await manager.exists(id)).toBe(false);
      expect((await visit(manager, id)).id).not.toBe(id);
    }
  });

  test("hold neither the id nor, on a marker, a field", async () => {
    const { manager, raw } = await process();
    const session = await visit(manager, await stored(manager, { secret: "swordfish" }));
    const { id } = session;
    const record = await raw.read(keyOf(id));
    await session.regenerate();
    const marker = await raw.read(keyOf(id));
    expect(JSON.stringify([record, marker])).not.toContain(id);
    expect(JSON.stringify(marker)).not.toMatch(/secret|swordfish/);
  });

  test("of another namespace are out of reach", async () => {
    const { manager, store } = await process();
    const other = await new Stage(store).manager({ namespace: "admin" });
    const id = await stored(manager);
    expect(await other.exists(id)).toBe(false);
  });
});

describe("what is seen from outside", () => {
  test("nothing of a session shows in logs: no id, no value (Spring CVE-2023-20866)", async () => {
    const { manager } = await process();
    const session = await visit(manager, await stored(manager, { secret: "swordfish" }));
    session.get("secret");
    const shown = `${inspect(session, { depth: 9, showHidden: true })}${JSON.stringify(session)}${String(session)}`;
    expect(shown).not.toContain("swordfish");
    expect(shown).not.toContain(session.id);
    expect(inspect(manager, { depth: 9, showHidden: true })).not.toContain(session.id);
  });

  test("events for what happened, without id, key, field or value", async () => {
    const events: [string, unknown][] = [];
    const names = ["created", "saved", "regenerated", "destroyed", "refused", "store-error"];
    const listen = (message: unknown, name: string | symbol) => events.push([String(name), message]);
    for (const name of names) subscribe(`sess:${name}`, listen);
    const { stage, manager } = await process();
    const session = await visit(manager, await stored(manager));
    const late = await visit(manager, session.id);
    session.set("n", 1);
    await session.release();
    await session.regenerate();
    late.set("n", 2);
    await codeOf(late.release());
    await session.destroy();
    stage.down = true;
    await codeOf(visit(manager, session.id));
    for (const name of names) unsubscribe(`sess:${name}`, listen);
    const base: SessionEvent = { provider: "memory", namespace: "sessionid" };
    const refused: RefusedEvent = { ...base, code: "SESS_RETIRED" };
    expect(events.slice(0, -1)).toEqual([
      ["sess:created", base],
      ["sess:saved", base],
      ["sess:regenerated", base],
      ["sess:refused", refused],
      ["sess:destroyed", base],
    ]);
    expect(events.at(-1)?.[1]).toMatchObject({ ...base, operation: "read" } satisfies Partial<StoreErrorEvent>);
  });
});

describe("close", () => {
  test("waits for a touch that is under way", async () => {
    let now = 1e12;
    const { stage, manager } = await process({ now: () => now });
    const session = await visit(manager, await stored(manager));
    now += 1_800_000;
    const touch = stage.hold("touch");
    const touching = commitFor(session);
    await touch.reached;
    let closed = false;
    const closing = manager.close().then(() => {
      closed = true;
    });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    await touch.proceed();
    await Promise.all([touching, closing]);
  });

  test("finishes what is under way, then refuses everything", async () => {
    const { stage, manager } = await process();
    const id = await stored(manager);
    const session = await visit(manager, id);
    const hold = stage.hold("update");
    const updating = session.update("n", () => 1);
    await hold.reached;
    const closing = manager.close();
    const late = codeOf(visit(manager, id));
    await hold.proceed();
    expect(await updating).toBe(1);
    await closing;
    await manager.close();
    expect(await late).toBe("SESS_CLOSED");
    for (const action of [manager.load(id), manager.exists(id), manager.count(), manager.gc(), session.destroy()]) {
      expect(await codeOf(action)).toBe("SESS_CLOSED");
    }
    session.set("n", 2);
    expect(await codeOf(session.release())).toBe("SESS_CLOSED");
    expect(() => manager.startGC()).toThrow(SessionError);
  });
});
