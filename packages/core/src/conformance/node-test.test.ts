import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cases } from "./index.js";

const fixture = fileURLToPath(new URL("./fixtures/node-test.ts", import.meta.url));

test("the kit runs under node:test, skips included", { timeout: 60_000 }, async () => {
  const args = ["--import", "tsx", "--test", "--test-reporter=tap", fixture];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  const needy = cases.filter(({ needs }) => needs !== undefined);
  // The memory provider runs without an outage, and reads one key at a time.
  const lacking = needy.filter(({ needs }) => needs?.some((need) => need === "outage" || need === "readMany"));
  const skipped = needy.length + lacking.length;
  expect(stdout).toContain("\n# fail 0\n");
  expect(stdout).toContain(`\n# skipped ${skipped}\n`);
  expect(stdout).toContain(`\n# pass ${2 * (cases.length + 1) - skipped}\n`);
  expect(stdout).toContain("# SKIP single: one file, one process");
  expect(stdout).toContain("skipped C2 keys-complete: the provider has no keys()");
});
