import { describe, expect, test } from "vitest";
import { Stage, stored, visit } from "../../test-support/stage.js";
import { memory } from "../memory/memory.js";

// Two Managers over one connector share one store, as two processes would: every request loads, changes and stores on
// its own. The sessions are few, so that each is fought over; with one alone it takes ten times as long, because that
// one grows to 5,000 fields.

const rounds = 5000;
const atOnce = 50;
const sessions = 10;

/** Runs `count` requests, so many at a time. */
async function requests(count: number, request: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await request(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function race(lossy: boolean) {
  const store = memory();
  const stages = [new Stage(store), new Stage(store)] as const;
  const [one, two] = [await stages[0].manager(), await stages[1].manager()];
  const ids = await Promise.all(Array.from({ length: sessions }, () => stored(one)));
  const idOf = (index: number) => ids[index % sessions] ?? "";
  let calls = 0;
  let lost = 0;
  const losses = new Map<string, number>();
  if (lossy) {
    for (const stage of stages) {
      stage.lossy = (method, version = "") => {
        if (method !== "update" || ++calls % 10 !== 0) return false;
        // Of one batch four at most, or it would be given up: one in so many thousand would have that bad luck.
        const before = losses.get(version) ?? 0;
        if (before === 4) return false;
        losses.set(version, before + 1);
        lost++;
        return true;
      };
    }
  }
  const increment = (n: unknown) => ((n as number | undefined) ?? 0) + 1;
  await Promise.all([
    requests(rounds, async (index) => (await visit(one, idOf(index))).update("n", increment)),
    requests(rounds, async (index) => (await visit(two, idOf(index))).update("n", increment)),
    requests(rounds, async (index) => {
      const session = await visit(index % 20 < 10 ? one : two, idOf(index));
      session.set(`field ${index}`, index);
      await session.release();
    }),
  ]);
  const all = await Promise.all(ids.map((id) => two.load(id)));
  const count = all.reduce((sum, session) => sum + Number(session?.get("n")), 0);
  const kept = Array.from({ length: rounds }, (_, i) => all[i % sessions]?.get(`field ${i}`) === i).filter(Boolean);
  return { count, kept: kept.length, lost };
}

describe("two processes on the same sessions", () => {
  test("2 x 5,000 updates and 5,000 disjoint saves: none lost", { timeout: 120_000 }, async () => {
    expect(await race(false)).toMatchObject({ count: 2 * rounds, kept: rounds });
  });

  test("the same with every tenth answer lost and the command sent again", { timeout: 120_000 }, async () => {
    const { count, kept, lost } = await race(true);
    expect({ count, kept }).toEqual({ count: 2 * rounds, kept: rounds });
    expect(lost).toBeGreaterThan(50);
  });
});
