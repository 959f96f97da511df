import { describe, expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { sessionKey } from "../ids.js";
import type { StoreManager } from "../manager/manager.js";
import { memory } from "../memory/memory.js";
import type { SessionData, SessionStore } from "../session/session-store.js";

async function processes() {
  const store = memory();
  const [one, two] = [new Stage(store), new Stage(store)];
  const raw = await store.connect({ now: Date.now, contract: 1 });
  return { raw, one, two, a: await one.manager(), b: await two.manager() };
}

/** As login code does. */
async function signIn(manager: StoreManager<SessionData>, user: string, device = "phone") {
  const session = await visit(manager);
  session.set("device", device);
  await session.release();
  session.owner = user;
  await session.regenerate();
  return session;
}

describe("an owner's sessions", () => {
  test("are listed, last stored first, with what the application shows, the current one marked", async () => {
    const { a, b } = await processes();
    const phone = await signIn(a, "ada", "phone");
    const laptop = await signIn(b, "ada", "laptop");
    await signIn(b, "eve");
    await phone.update("n", () => 1);
    const listed = await a.listOwned("ada", { current: laptop });
    expect(listed.map((each) => each.get("device")).sort()).toEqual(["laptop", "phone"]);
    expect(listed.filter(({ current }) => current).map((each) => each.get("device"))).toEqual(["laptop"]);
    expect(listed.every(({ created, saved }) => saved >= created && saved.getTime() <= Date.now())).toBe(true);
  });

  test("can be ended one by one", async () => {
    const { a } = await processes();
    const [phone, laptop] = [await signIn(a, "ada", "phone"), await signIn(a, "ada", "laptop")];
    const listed = await a.listOwned("ada");
    await listed.find((each) => each.get("device") === "phone")?.destroy();
    expect([await a.exists(phone.id), await a.exists(laptop.id)]).toEqual([false, true]);
  });

  test("can be ended all, or all but one, and nobody else's are", async () => {
    const { a, b } = await processes();
    const [phone, laptop, other] = [await signIn(a, "ada"), await signIn(b, "ada"), await signIn(b, "eve")];
    expect(await a.destroyOwned("ada", { except: laptop })).toBe(1);
    const alive = () => Promise.all([phone, laptop, other].map(({ id }) => a.exists(id)));
    expect(await alive()).toEqual([false, true, true]);
    await laptop.regenerate();
    expect(await a.destroyOwned("ada")).toBe(1);
    expect(await alive()).toEqual([false, false, true]);
  });

  test("an owner that was taken away or changed is not found any more", async () => {
    const { a } = await processes();
    const session = await signIn(a, "ada");
    session.owner = "eve";
    await session.release();
    expect(await a.listOwned("ada")).toEqual([]);
    expect(await a.listOwned("eve")).toHaveLength(1);
    await a.destroyOwned("ada");
    expect(await a.exists(session.id)).toBe(true);
    session.owner = undefined;
    await session.release();
    expect(await a.listOwned("eve")).toEqual([]);
  });

  test("an owner set on a session that holds nothing waits until it holds something", async () => {
    const { one, a } = await processes();
    const session = await visit(a);
    session.owner = "ada";
    await session.release();
    expect(one.calls).toEqual([]);
    session.set("n", 1);
    await session.release();
    expect(await a.listOwned("ada")).toHaveLength(1);
  });

  test("the owner survives flush and a new id", async () => {
    const { a } = await processes();
    const session = await signIn(a, "ada");
    session.flush();
    session.set("n", 1);
    await session.regenerate();
    expect(await a.listOwned("ada", { current: session })).toMatchObject([{ current: true }]);
  });

  test("for the current session an id is enough in a list, and an earlier one too; to spare a session it is not", async () => {
    const { a } = await processes();
    const session = await signIn(a, "ada");
    const { id } = session;
    await session.regenerate();
    expect(await a.listOwned("ada", { current: { id } })).toMatchObject([{ current: true }]);
    expect(await a.listOwned("ada", { current: { id: session.id } })).toMatchObject([{ current: true }]);
    expect(await a.listOwned("ada", { current: { id: `${id}x` } })).toMatchObject([{ current: false }]);
    expect(await codeOf(a.listOwned("ada", { current: {} as { id: string } }))).toBe("SESS_VALUE");
    const except = { id: session.id } as SessionStore<SessionData>;
    expect(await codeOf(a.destroyOwned("ada", { except }))).toBe("SESS_VALUE");
  });

  test("neither the owner nor the id is at rest", async () => {
    const { raw, a } = await processes();
    const session = await signIn(a, "ada@example.org");
    const record = await raw.read(sessionKey("sessionid", session.id));
    expect(record?.owner).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(record)).not.toMatch(/ada@|example/);
  });

  test("an owner must be a string that is not empty; a provider without an index is SESS_UNSUPPORTED", async () => {
    const { a } = await processes();
    const session = await visit(a);
    expect(() => {
      session.owner = "";
    }).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
    const stage = new Stage();
    stage.indexed = false;
    const plain = await stage.manager();
    expect(await codeOf(plain.listOwned("ada"))).toBe("SESS_UNSUPPORTED");
    expect(await codeOf(plain.destroyOwned("ada"))).toBe("SESS_UNSUPPORTED");
  });
});

describe("signing out everywhere", () => {
  test("ends eight at a time, and not one after the other", async () => {
    const { one, a, b } = await processes();
    for (let n = 0; n < 10; n++) await signIn(b, "ada");
    const reads = Array.from({ length: 9 }, () => one.hold("read"));
    let ninth = false;
    void reads[8]?.reached.then(() => {
      ninth = true;
    });
    const revoking = a.destroyOwned("ada");
    await Promise.all(reads.slice(0, 8).map((read) => read.reached));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ninth).toBe(false);
    await Promise.all(reads.map((read) => read.proceed()));
    expect(await revoking).toBe(10);
    expect(await b.count()).toBe(0);
  });

  test("follows a session that gets a new id meanwhile", async () => {
    const { one, a, b } = await processes();
    const session = await signIn(a, "ada");
    const moving = await visit(b, session.id);
    const read = one.hold("read");
    const revoking = a.destroyOwned("ada");
    await read.reached;
    await moving.regenerate();
    await read.proceed();
    await revoking;
    expect(await a.exists(moving.id)).toBe(false);
    expect(await a.count()).toBe(0);
  });

  test("spares the session that asks for it, when that has a new id by now, and what leads to it", async () => {
    const { a, b } = await processes();
    const session = await signIn(a, "ada");
    const old = session.id;
    const here = await visit(b, old);
    const there = await visit(a, old);
    await there.regenerate();
    await a.destroyOwned("ada", { except: here });
    expect(await a.exists(there.id)).toBe(true);
    await a.destroyOwned("ada", { except: await visit(b, there.id) });
    expect(await a.exists(there.id)).toBe(true);
    // A late request with the old id is still told that there is a new one, and gets no cookie of its own.
    const late = await visit(a, old);
    late.set("x", 1);
    expect(await codeOf(late.release())).toBe("SESS_RETIRED");
  });

  test("leaves a tombstone under a key that is listed and missing: its record may be about to be written", async () => {
    const { one, two, a, b } = await processes();
    const session = await visit(a);
    session.owner = "ada";
    session.set("device", "slow");
    const created = one.nextCreated();
    const create = one.hold("create");
    const saving = codeOf(session.release());
    await create.reached;
    // As where the index is separate from the record: the entry stands, and the record is not there yet.
    two.alsoListed = [await created];
    await b.destroyOwned("ada");
    await create.proceed();
    expect(await saving).toBe("SESS_GONE");
    expect(await a.count()).toBe(0);
  });

  test("who changed ids often is ended by one write: markers that are there already stay as they are", async () => {
    const { one, a, b } = await processes();
    const thief = await signIn(b, "ada");
    for (let n = 0; n < 50; n++) await thief.regenerate();
    one.calls.length = 0;
    expect(await a.destroyOwned("ada")).toBe(1);
    expect(await b.exists(thief.id)).toBe(false);
    const made = (method: string) => one.calls.filter((call) => call === method).length;
    // The session, and fifty markers.
    expect([made("read"), made("update"), made("create")]).toEqual([51, 1, 0]);
    one.calls.length = 0;
    expect(await a.destroyOwned("ada")).toBe(0);
    expect(one.calls.every((call) => call === "read")).toBe(true);
  });

  test("a successor that the index does not list, or that is somebody else's by now, is ended all the same", async () => {
    const { a, b } = await processes();
    const session = await signIn(a, "ada");
    const old = session.id;
    await session.regenerate();
    session.owner = "bob";
    await session.release();
    expect(await b.destroyOwned("ada")).toBe(1);
    expect([await a.exists(session.id), await a.exists(old)]).toEqual([false, false]);
  });

  test("a sign-in by a retired id that is under way goes on, with nothing of what was ended", async () => {
    const { two, a, b } = await processes();
    const session = await signIn(a, "ada");
    const old = session.id;
    await session.regenerate();
    const late = await visit(b, old);
    const create = two.hold("create");
    const signingIn = late.regenerate();
    await create.reached;
    expect(await a.destroyOwned("ada")).toBe(0);
    await create.proceed();
    await signingIn;
    expect([await a.exists(session.id), await a.exists(late.id), late.keys()]).toEqual([false, true, []]);
    expect(await a.listOwned("ada")).toEqual([]);
  });

  test("1,000 sign-ins in progress: every one acknowledged before the call is ended", { timeout: 60_000 }, async () => {
    const { a, b } = await processes();
    const acknowledged: string[] = [];
    let begun = 0;
    const worker = async (manager: StoreManager<SessionData>) => {
      while (begun < 1000) {
        begun++;
        acknowledged.push((await signIn(manager, "ada")).id);
      }
    };
    const working = Promise.all(Array.from({ length: 20 }, (_, i) => worker(i % 2 === 0 ? a : b)));
    const checks: boolean[] = [];
    while (begun < 1000) {
      await new Promise((resolve) => setImmediate(resolve));
      const before = [...acknowledged];
      await b.destroyOwned("ada");
      for (const id of before.slice(-20)) checks.push(await a.exists(id));
    }
    await working;
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(Boolean)).toEqual([]);
    await a.destroyOwned("ada");
    expect(await a.count()).toBe(0);
  });
});

describe("a lifetime for one session", () => {
  test("takes effect as the session is created or gets its new id, and not before", async () => {
    let now = 1e12;
    const manager = await new Stage().manager({ now: () => now, maxLifetime: 3600 });
    const session = await visit(manager, await stored(manager));
    session.lifetime = 86_400;
    await session.update("n", () => 2);
    now += 3_600_000;
    expect(await manager.exists(session.id)).toBe(false);
    const remembered = await visit(manager);
    remembered.lifetime = 86_400;
    remembered.set("n", 1);
    await remembered.release();
    now += 86_399_000;
    expect(await manager.exists(remembered.id)).toBe(true);
    const again = await visit(manager, remembered.id);
    again.lifetime = 60;
    await again.regenerate();
    now += 60_000;
    expect(await manager.exists(again.id)).toBe(false);
  });

  test.each([
    ["was created", async () => {}],
    ["got its new id", (session: SessionStore<SessionData>) => session.regenerate()],
  ])("takes effect in the response for which the session %s, by itself or with a change", async (_, begin) => {
    for (const change of [() => {}, (session: SessionStore<SessionData>) => session.set("n", 2)]) {
      let now = 1e12;
      const stage = new Stage();
      const manager = await stage.manager({ now: () => now, maxLifetime: 3600 });
      const session = await visit(manager);
      session.set("n", 1);
      await session.release();
      await begin(session);
      session.lifetime = 86_400;
      change(session);
      await session.release();
      const calls = stage.calls.length;
      await session.release();
      expect(stage.calls.length).toBe(calls);
      now += 86_399_000;
      expect(await manager.exists(session.id)).toBe(true);
      now += 1000;
      expect(await manager.exists(session.id)).toBe(false);
    }
  });

  test("is not lost with a save that failed", async () => {
    let now = 1e12;
    const stage = new Stage();
    const manager = await stage.manager({ now: () => now, maxLifetime: 3600 });
    const session = await visit(manager);
    session.set("n", 1);
    await session.release();
    session.lifetime = 86_400;
    stage.largest = 0;
    expect(await codeOf(session.release())).toBe("SESS_TOO_LARGE");
    stage.largest = Number.POSITIVE_INFINITY;
    await session.release();
    now += 86_399_000;
    expect(await manager.exists(session.id)).toBe(true);
  });

  test("does not move the absolute end; and is a whole number of seconds", async () => {
    let now = 1e12;
    const manager = await new Stage().manager({ now: () => now, maxLifetime: 60, absoluteLifetime: 120 });
    const session = await visit(manager);
    session.lifetime = 86_400;
    session.set("n", 1);
    await session.release();
    now += 119_999;
    expect(await manager.exists(session.id)).toBe(true);
    now += 1;
    expect(await manager.exists(session.id)).toBe(false);
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "60" as never]) {
      for (const name of ["lifetime", "absoluteLifetime"] as const) {
        const said = expect.stringMatching(`^session\\.${name} must be a whole number of seconds from 1 to`);
        expect(() => {
          session[name] = wrong;
        }).toThrow(expect.objectContaining({ code: "SESS_VALUE", message: said }));
      }
    }
  });
});
