import { expect, test } from "vitest";
import { databases } from "./subjects.js";
import { failovers, kinds, violationsOf } from "./trial.js";

// The short form of main.ts: each way to lose a primary once.

test.for(["mysql", "postgres"] as const)(
  "%s, a replica takes over: no increment twice, nobody's session but one's own, and service by itself",
  { timeout: 120_000 },
  async (name, context) => {
    const database = databases[name];
    if (!(await database.canStart())) {
      expect(process.env.CI, database.howToEnable).toBe(undefined);
      return context.skip(database.howToEnable);
    }
    const rounds = await failovers(database, kinds, true);
    expect(violationsOf(rounds, true)).toEqual([]);
    expect(rounds.map(({ kind }) => kind)).toEqual(kinds);
    for (const { acknowledged, recovery } of rounds) {
      expect(acknowledged).toBeGreaterThan(0);
      expect(recovery).toBeLessThan(10_000);
    }
  },
);
