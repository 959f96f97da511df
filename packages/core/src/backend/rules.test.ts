import { describe, expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { Diagnostics } from "../diagnostics.js";
import { sessionKey } from "../ids.js";
import { limits } from "../limits.js";
import type { StoreManager } from "../manager/manager.js";
import { memory } from "../memory/memory.js";
import type { SessionRecord } from "../provider.js";
import { Changes } from "../record/changes.js";
import { decodeEnvelope, encodeEnvelope } from "../record/envelope.js";
import type { SessionData } from "../session/session-store.js";
import { BoundedCalls } from "./bounded.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";
import { ReliableProvider } from "./reliable-provider.js";
import { StoreBackend } from "./store-backend.js";

// The rules that each close a trace in which an update is lost or doubled, or a session comes back. Every test forces
// its interleaving by gates; scripts/rules-off.ts switches each rule off and sees its test fail.

const keyOf = (id: string) => sessionKey("sessionid", id);

class Clock {
  #now = 1_800_000_000_000;
  readonly now = () => this.#now;
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** Two processes over one store, and the store itself. */
async function processes() {
  const clock = new Clock();
  const store = memory();
  const [one, two] = [new Stage(store), new Stage(store)];
  const config = { now: clock.now };
  const raw = await store.connect({ now: clock.now, contract: 1 });
  return { clock, raw, one, two, a: await one.manager(config), b: await two.manager(config) };
}

const increment = (n: unknown) => ((n as number | undefined) ?? 0) + 1;

/** Time enough, in turns of the event loop, for whatever is not held at a gate. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function fieldOf(manager: StoreManager<SessionData>, id: string, field: string) {
  return (await manager.load(id))?.get(field);
}

describe("no resurrection", () => {
  test("a save that was under way when the session was destroyed is refused", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const late = await visit(a, id);
    late.set("late", true);
    const update = one.hold("update");
    const saving = codeOf(late.release());
    await update.reached;
    await (await visit(b, id)).destroy();
    await update.proceed();
    expect(await saving).toBe("SESS_GONE");
    expect(await a.exists(id)).toBe(false);
    expect(await a.count()).toBe(0);
  });

  test("a save that comes when even the marker has expired creates nothing", async () => {
    const { clock, a, b } = await processes();
    const id = await stored(a);
    const late = await visit(a, id);
    late.set("late", true);
    await (await visit(b, id)).destroy();
    clock.advance(limits.marker + 1);
    expect(await codeOf(late.release())).toBe("SESS_GONE");
    expect(await a.count()).toBe(0);
  });

  test("an old id never changes its successor", async () => {
    const { a, b } = await processes();
    const id = await stored(a);
    const late = await visit(a, id);
    const current = await visit(b, id);
    await current.regenerate();
    late.set("role", "attacker");
    expect(await codeOf(late.release())).toBe("SESS_RETIRED");
    const later = await visit(a, id);
    expect(later.has("made")).toBe(false);
    later.set("role", "attacker");
    expect(await codeOf(later.release())).toBe("SESS_RETIRED");
    expect(await fieldOf(a, current.id, "role")).toBe(undefined);
  });

  test("a marker outlives every request that could still come with the old id", async () => {
    const { clock, a } = await processes();
    const id = await stored(a);
    await (await visit(a, id)).regenerate();
    clock.advance(60_000);
    const late = await visit(a, id);
    late.set("x", 1);
    expect(await codeOf(late.release())).toBe("SESS_RETIRED");
    expect(limits.resend).toBeLessThan(limits.operation);
    expect(limits.operation + limits.skew).toBeLessThan(limits.recentWrites);
    expect(limits.recentWrites).toBeLessThanOrEqual(limits.marker);
  });
});

describe("group commit", () => {
  test("one batch of a key is in flight at a time, and those who wait share the next", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const first = one.hold("update");
    const sessions = await Promise.all(Array.from({ length: 9 }, () => visit(a, id)));
    const updates = sessions.map((session) => session.update("n", increment));
    await first.reached;
    one.calls.length = 0;
    await first.proceed();
    await Promise.all(updates);
    expect(one.calls).toEqual(["update"]);
    expect(await fieldOf(a, id, "n")).toBe(9);
  });

  test("a batch whose answer is lost while another waits is applied once", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const [first, second] = [await visit(a, id), await visit(a, id)];
    const [lost, again] = [one.hold("update"), one.hold("update")];
    const updating = [first.update("n", increment)];
    await lost.lose();
    await again.reached;
    updating.push(second.update("n", increment));
    await turns(20);
    await again.proceed();
    await Promise.all(updating);
    expect(await fieldOf(a, id, "n")).toBe(2);
  });
});

describe("exactly once", () => {
  test("an update whose answer is lost is not applied again", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const lost = one.hold("update");
    const updating = (await visit(a, id)).update("n", increment);
    await lost.lose();
    expect(await updating).toBe(1);
    expect(await fieldOf(a, id, "n")).toBe(1);
  });

  test("nor when somebody else has written since", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const [lost, again] = [one.hold("update"), one.hold("update")];
    const updating = (await visit(a, id)).update("n", increment);
    await lost.lose();
    await again.reached;
    await (await visit(b, id)).update("n", increment);
    await again.proceed();
    expect(await updating).toBe(1);
    expect(await fieldOf(a, id, "n")).toBe(2);
  });

  test("nor when the session has been destroyed since: it was applied, and says so", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const [lost, again] = [one.hold("update"), one.hold("update")];
    const updating = (await visit(a, id)).update("n", increment);
    await lost.lose();
    await again.reached;
    await (await visit(b, id)).destroy();
    await again.proceed();
    expect(await updating).toBe(1);
  });

  test("a batch is abandoned before the entry it would recognise itself by is pruned", async () => {
    const { clock, one, a, b } = await processes();
    const id = await stored(a);
    const lost = one.hold("update");
    const updating = codeOf((await visit(a, id)).update("n", increment));
    await lost.reached;
    clock.advance(limits.recentWrites);
    const other = await visit(b, id);
    // Written by one process, its answer on the way while the other writes and prunes.
    const recorded = one.hold("update");
    await lost.lose();
    await other.update("n", increment);
    void recorded.reached.then(() => recorded.proceed());
    expect(await updating).toBe("SESS_UNAVAILABLE");
    expect(await fieldOf(a, id, "n")).toBe(2);
  });

  test.each([0, 4_000, limits.operation - 1])(
    "nor with clocks a minute apart, its answer lost for %i ms, and somebody else writing in between",
    async (lost) => {
      const store = memory();
      const [one, two] = [new Stage(store), new Stage(store)];
      let now = 1_800_000_000_000;
      const a = await one.manager({ now: () => now });
      const b = await two.manager({ now: () => now + limits.skew - 1 });
      const id = await stored(a);
      const [first, again] = [one.hold("update"), one.hold("update")];
      const updating = (await visit(a, id)).update("n", increment);
      await first.lose();
      await again.reached;
      now += lost;
      await (await visit(b, id)).update("n", increment);
      await again.proceed();
      await updating;
      expect(await fieldOf(a, id, "n")).toBe(2);
    },
  );

  test("a creation whose answer is lost creates one session", async () => {
    const { one, a } = await processes();
    const lost = one.hold("create");
    const session = await visit(a);
    const updating = session.update("n", increment);
    await lost.lose();
    expect(await updating).toBe(1);
    expect(await a.count()).toBe(1);
    expect(await fieldOf(a, session.id, "n")).toBe(1);
  });

  test("no write id is used twice, on whatever key", async () => {
    const { raw, a, b } = await processes();
    const versions: string[] = [];
    const note = async (id: string) => versions.push((await raw.read(keyOf(id)))?.version ?? "none");
    const session = await visit(a, await stored(a));
    const first = session.id;
    await note(first);
    await session.update("n", increment);
    await note(first);
    await (await visit(b, first)).update("n", increment);
    await note(first);
    await session.regenerate();
    await note(first);
    await note(session.id);
    await session.destroy();
    await note(first);
    await note(session.id);
    expect(new Set(versions).size).toBe(7);
    expect(versions).not.toContain("none");
  });

  test("a successor lists no batch; a marker lists them, keeps the owner, and nothing else", async () => {
    const { raw, a } = await processes();
    const id = await stored(a, { secret: "swordfish" });
    const record = (await raw.read(keyOf(id))) as SessionRecord;
    await raw.update(keyOf(id), { ...record, version: "owned", owner: "somebody" }, record.version);
    const session = await visit(a, id);
    await session.regenerate();
    const successor = await raw.read(keyOf(session.id));
    const marker = await raw.read(keyOf(id));
    expect(successor && decodeEnvelope(successor)?.recentWrites.length).toBe(0);
    expect(successor?.owner).toBe("somebody");
    expect(marker && decodeEnvelope(marker)?.recentWrites.length).toBe(1);
    expect(marker?.owner).toBe("somebody");
    expect(marker?.retired).toBe(keyOf(session.id));
    expect(marker?.data).not.toMatch(/secret|swordfish/);
    expect(marker && decodeEnvelope(marker)?.fields.size).toBe(0);
  });
});

describe("create", () => {
  test("a key holds one session, ever: creating over another's is SESS_GONE", async () => {
    const { raw, clock } = await processes();
    const context = contextOf(clock);
    const backend = new StoreBackend(new ReliableProvider(raw, context), context);
    const key = keyOf("taken");
    const changes = new Changes();
    changes.write("mine", "1");
    const none = {
      owner: undefined,
      ownerName: undefined,
      retired: undefined,
      handle: undefined,
      schemaVersion: undefined,
    };
    const known = { version: "v", expiresAt: clock.now() + 1000, ...none };
    const other = {
      ...known,
      created: 0,
      saved: 0,
      lifetime: undefined,
      absolute: Number.POSITIVE_INFINITY,
      recentWrites: [],
      fields: new Map(),
    };
    await raw.create(key, encodeEnvelope(other));
    expect(
      await codeOf(backend.commit({ id: "taken", key }, undefined, changes, undefined, new Deadline(context))),
    ).toBe("SESS_GONE");
    expect((await raw.read(key))?.version).toBe("v");
  });
});

function contextOf(clock: Clock): StoreContext {
  const diagnostics = new Diagnostics({ provider: "memory", namespace: "test" });
  return {
    now: clock.now,
    idle: 3_600_000,
    absolute: Number.POSITIVE_INFINITY,
    maxBytes: 1e6,
    managerId: "nonce",
    diagnostics,
    calls: new BoundedCalls(),
  };
}

describe("regenerate", () => {
  test("refused by a session: the successor is brought up to date", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    session.set("mine", 1);
    const retire = one.hold("update");
    const regenerating = session.regenerate();
    await retire.reached;
    const other = await visit(b, id);
    other.set("theirs", 2);
    await other.release();
    await retire.proceed();
    await regenerating;
    expect(await fieldOf(a, session.id, "theirs")).toBe(2);
    expect(await fieldOf(a, session.id, "mine")).toBe(1);
    expect(await a.exists(id)).toBe(false);
    expect(await a.count()).toBe(1);
  });

  test("refused by a marker: somebody else won, and our successor becomes a marker", async () => {
    const { raw, one, a, b } = await processes();
    const id = await stored(a);
    const [loser, winner] = [await visit(a, id), await visit(b, id)];
    const created = one.nextCreated();
    const retire = one.hold("update");
    const losing = codeOf(loser.regenerate());
    await retire.reached;
    await winner.regenerate();
    await retire.proceed();
    expect(await losing).toBe("SESS_RETIRED");
    expect(await a.exists(winner.id)).toBe(true);
    expect(await a.count()).toBe(1);
    expect((await raw.read(await created))?.retired).toBe("");
  });

  test("its outcome unknown, the successor is not given up", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    const attempts = Array.from({ length: 5 }, () => one.hold("update"));
    const regenerating = codeOf(session.regenerate());
    await attempts[0]?.lose();
    for (const attempt of attempts.slice(1)) {
      await attempt.reached;
      attempt.fail();
    }
    expect(await regenerating).toBe("SESS_UNAVAILABLE");
    expect(session.id).not.toBe(id);
    expect(await b.exists(session.id)).toBe(true);
    expect(await fieldOf(b, session.id, "made")).toBe(1);
  });

  test("its answer lost once, it has happened", async () => {
    const { one, a } = await processes();
    const session = await visit(a, await stored(a));
    const retire = one.hold("update");
    const regenerating = codeOf(session.regenerate());
    await retire.lose();
    expect(await regenerating).toBe("accepted");
    expect(await a.count()).toBe(1);
    expect(await a.exists(session.id)).toBe(true);
  });

  test("the successor revoked before it was brought up to date: the old record stays, SESS_GONE", async () => {
    const { raw, one, a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    const created = one.nextCreated();
    const retire = one.hold("update");
    const regenerating = codeOf(session.regenerate());
    await retire.reached;
    await (await visit(b, id)).update("n", increment);
    const key = await created;
    const successor = (await raw.read(key)) as SessionRecord;
    await raw.update(key, { ...successor, version: "revoked", retired: "" }, successor.version);
    await retire.proceed();
    expect(await regenerating).toBe("SESS_GONE");
    expect(await fieldOf(a, id, "n")).toBe(1);
    expect(session.id).toBe(id);
  });

  test("from a retired id: what succeeded it is destroyed, nothing is taken over", async () => {
    const { a } = await processes();
    const id = await stored(a);
    const first = await visit(a, id);
    await first.regenerate();
    const again = await visit(a, id);
    again.set("user", "ada");
    await again.regenerate();
    expect(await a.exists(first.id)).toBe(false);
    expect(await fieldOf(a, again.id, "user")).toBe("ada");
    expect(await fieldOf(a, again.id, "made")).toBe(undefined);
    expect(await a.count()).toBe(1);
  });

  test("from a retired id twice at once: one session lives", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    await (await visit(a, id)).regenerate();
    const [loser, winner] = [await visit(a, id), await visit(b, id)];
    const create = one.hold("create");
    const losing = codeOf(loser.regenerate());
    await create.reached;
    await winner.regenerate();
    await create.proceed();
    expect(await losing).toBe("SESS_RETIRED");
    expect(await a.exists(winner.id)).toBe(true);
    expect(await a.count()).toBe(1);
  });

  test("of a session never stored picks a new id and stores nothing", async () => {
    const { one, a } = await processes();
    const session = await visit(a);
    const { id } = session;
    session.set("x", 1);
    await session.regenerate();
    expect(session.id).not.toBe(id);
    expect(one.calls).toEqual([]);
    await session.release();
    expect(await a.exists(session.id)).toBe(true);
  });

  test("is a barrier in its Manager: what was queued before moves along, what comes after is refused", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const sessions = await Promise.all([visit(a, id), visit(a, id), visit(a, id), visit(a, id)]);
    const [first, before, mover, after] = sessions;
    const busy = one.hold("update");
    const busyUpdate = first.update("n", increment);
    await busy.reached;
    const early = before.update("n", increment);
    const regenerating = mover.regenerate();
    const late = codeOf(after.update("n", increment));
    await busy.proceed();
    await Promise.all([busyUpdate, early, regenerating]);
    expect(await late).toBe("SESS_RETIRED");
    expect(await fieldOf(a, mover.id, "n")).toBe(2);
  });
});

describe("destroy", () => {
  test("from a retired id goes along the whole chain", async () => {
    const { a } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    await session.regenerate();
    await session.regenerate();
    await (await visit(a, id)).destroy();
    expect(await a.exists(session.id)).toBe(false);
    expect(await a.count()).toBe(0);
  });

  test("takes the successor first, so that a failure in between can be made good", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    await session.regenerate();
    const logout = await visit(a, id);
    one.hold("update").proceed();
    const attempts = Array.from({ length: 5 }, () => one.hold("update"));
    const destroying = codeOf(logout.destroy());
    for (const attempt of attempts) {
      await attempt.reached;
      attempt.fail();
    }
    expect(await destroying).toBe("SESS_UNAVAILABLE");
    await (await visit(a, id)).destroy();
    expect(await a.exists(session.id)).toBe(false);
  });

  test("refused by another successor, starts again from there", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    await (await visit(b, id)).regenerate();
    const logout = await visit(a, id);
    const other = await visit(b, id);
    one.hold("update").proceed();
    const mark = one.hold("update");
    const destroying = logout.destroy();
    await mark.reached;
    await other.regenerate();
    expect(await b.exists(other.id)).toBe(true);
    await mark.proceed();
    await destroying;
    expect(await b.exists(other.id)).toBe(false);
    expect(await b.count()).toBe(0);
  });

  test("by a handle that regenerated takes both ids", async () => {
    const { a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    await session.regenerate();
    const intruder = await visit(b, id);
    await intruder.regenerate();
    await session.destroy();
    expect(await a.exists(session.id)).toBe(false);
    expect(await a.exists(intruder.id)).toBe(false);
  });

  test("from a retired id whose marker expires under it says that it cannot be sure", async () => {
    const { clock, a } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    await session.regenerate();
    await session.regenerate();
    clock.advance(limits.marker - 1);
    const late = await visit(a, id);
    clock.advance(2);
    expect(await codeOf(late.destroy())).toBe("SESS_GONE");
    expect(await a.exists(session.id)).toBe(true);
  });

  test("from a retired id whose marker expires under it still takes the session it led to", async () => {
    const { clock, a } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    await session.regenerate();
    clock.advance(limits.marker - 1);
    const late = await visit(a, id);
    clock.advance(2);
    expect(await codeOf(late.destroy())).toBe("accepted");
    expect(await a.exists(session.id)).toBe(false);
  });

  test("on a handle older than any marker, of a session that is not there, is SESS_GONE", async () => {
    const { clock, a, b } = await processes();
    const id = await stored(a);
    const socket = await a.load(id);
    await (await visit(b, id)).regenerate();
    clock.advance(limits.marker + 1);
    expect(await codeOf(socket?.destroy() ?? Promise.resolve())).toBe("SESS_GONE");
    expect(await socket?.reload()).toBe(false);
  });

  test("its answer lost, it has happened", async () => {
    const { one, a } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    const mark = one.hold("update");
    const destroying = codeOf(session.destroy());
    await mark.lose();
    expect(await destroying).toBe("accepted");
    expect(await a.exists(id)).toBe(false);
  });
});

describe("a handle that was refused", () => {
  test("is not carried on under a new id, even where the store cannot say so any more", async () => {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    session.set("n", 1);
    await (await visit(b, id)).destroy();
    expect(await codeOf(session.release())).toBe("SESS_GONE");
    one.down = true;
    expect(await codeOf(session.regenerate())).toBe("SESS_GONE");
    one.down = false;
    expect(session.id).toBe(id);
    expect(await a.count()).toBe(0);
  });
});

describe("a handle whose commit was acknowledged by a marker", () => {
  async function acknowledgedBy(end: "destroy" | "regenerate") {
    const { one, a, b } = await processes();
    const id = await stored(a);
    const session = await visit(a, id);
    const [lost, again] = [one.hold("update"), one.hold("update")];
    const updating = session.update("n", increment);
    await lost.lose();
    await again.reached;
    const other = await visit(b, id);
    await other[end]();
    await again.proceed();
    expect(await updating).toBe(1);
    return { a, id, session, other };
  }

  test("after a destroy gets no new id: nothing comes back", async () => {
    const { a, session, id } = await acknowledgedBy("destroy");
    expect(session.get("made")).toBe(1);
    expect(await codeOf(session.regenerate())).toBe("SESS_GONE");
    expect(session.id).toBe(id);
    expect(await a.count()).toBe(0);
  });

  test("after another's regenerate does not take the new session down", async () => {
    const { a, session, other } = await acknowledgedBy("regenerate");
    expect(await codeOf(session.regenerate())).toBe("SESS_RETIRED");
    expect(await a.exists(other.id)).toBe(true);
    expect(await a.count()).toBe(1);
  });
});
