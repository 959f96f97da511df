import { expect, test } from "vitest";
import { canStartRedis, howToEnable } from "../../packages/redis/test/server.js";
import { type Form, trial, violationsOf } from "./trial.js";

// The short form of main.ts: each once, the replica cut off before the kill.

test.for<[form: Form, wait: number | undefined]>([
  ["sentinel", 1],
  ["cluster", undefined],
  ["reshard", undefined],
])(
  "%s under load: nothing twice, nobody's session but one's own, and service by itself",
  {
    timeout: 120_000,
  },
  async ([form, wait], context) => {
    if (!(await canStartRedis())) {
      expect(process.env.CI, howToEnable).toBe(undefined);
      return context.skip(howToEnable);
    }
    const result = await trial(form, { rounds: 1, wait });
    expect(violationsOf(result)).toEqual([]);
    for (const recovery of result.recoveries) expect(recovery).toBeLessThan(15_000);
    for (const account of Object.values(result.ledger.of)) expect(account.acknowledged).toBeGreaterThan(0);
  },
);
