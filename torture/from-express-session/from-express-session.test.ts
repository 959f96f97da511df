import { expect, test } from "vitest";
import { canStartRedis, howToEnable } from "../../packages/redis/test/server.js";
import { trial } from "./trial.js";

// The short form of main.ts.
test.for(["stopped, then started", "side by side, sticky"] as const)(
  "from express-session with connect-redis, under load, %s: nobody is signed out",
  { timeout: 60_000 },
  async (way, context) => {
    if (!(await canStartRedis())) {
      expect(process.env.CI, howToEnable).toBe(undefined);
      return context.skip(howToEnable);
    }
    const outcome = await trial(way, 20, 300);
    const good = { signedOut: 0, wrong: 0, failed: 0, moved: 20, sessions: 20, returned: 0, left: 0 };
    expect(outcome).toMatchObject(good);
    expect(outcome.requests).toBeGreaterThan(20 * 3 * 2);
  },
);
