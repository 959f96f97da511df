import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cases } from "@sess/core/conformance";
import { expect, test } from "vitest";
import { describeWithUrl } from "./support.js";

const fixture = fileURLToPath(new URL("./fixtures/node-test.ts", import.meta.url));

describeWithUrl("another runner", (start) => {
  test("the kit passes under node:test as well", { timeout: 120_000 }, async () => {
    const server = await start();
    try {
      const args = ["--conditions=@sess/source", "--import", "tsx", "--test", "--test-reporter=tap", fixture];
      const env = { ...process.env, SESS_REDIS_URL: server.url };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 1 << 24 });
      // The fixture declares a server that collects by itself, and names no proxy. Redis pipelines single reads.
      const lacks = ["collects", "outage", "readMany"];
      const skipped = cases.filter(({ needs }) => needs?.some((need) => lacks.includes(need))).length;
      expect(stdout).toContain("\n# fail 0\n");
      expect(stdout).toContain(`\n# skipped ${skipped}\n`);
      expect(stdout).toContain(`\n# pass ${cases.length + 1 - skipped}\n`);
    } finally {
      await server.stop();
    }
  });
});
