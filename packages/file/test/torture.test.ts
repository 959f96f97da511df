import { expect, test } from "vitest";
import { killLoops } from "../torture/kill-loops.js";

// The short form of `torture/kill.ts`.

test("10 writers killed: nothing torn, lost or stuck", { timeout: 120_000 }, async () => {
  const report = await killLoops(10, () => {});
  expect(report).toMatchObject({ torn: 0, lost: 0, stuck: 0 });
  expect(report.acknowledged).toBeGreaterThan(10);
});
