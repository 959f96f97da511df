import { expect, test } from "vitest";
import { canStartPostgres, howToEnable } from "../../packages/postgres/test/server.js";
import { failovers, kinds, violationsOf } from "../failover-mysql/trial.js";
import { postgresql } from "./subject.js";

// The short form of main.ts: each way to lose a primary once.

test("a standby takes over: no increment twice, nobody's session but one's own, and service by itself", {
  timeout: 120_000,
}, async (context) => {
  if (!(await canStartPostgres())) {
    expect(process.env.CI, howToEnable).toBe(undefined);
    return context.skip(howToEnable);
  }
  const rounds = await failovers(postgresql, kinds, true);
  expect(violationsOf(rounds, true)).toEqual([]);
  expect(rounds.map(({ kind }) => kind)).toEqual(kinds);
  for (const { acknowledged, recovery } of rounds) {
    expect(acknowledged).toBeGreaterThan(0);
    expect(recovery).toBeLessThan(10_000);
  }
});
