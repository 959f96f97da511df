import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Minutes under load, with servers and processes that are killed: `npm run test:trials`, which `.ci/run` runs as well. */
const trials = [
  "torture/{clients,failover-redis,failover-sql,from-express-session,processes}/{clients,failover,from-express-session,processes}.test.ts",
];
/** It measures how long each call takes, so nothing may run beside it: begun when the other trials have ended. */
const alone = "torture/wire/wire.test.ts";

/** The files that take longest, by waiting: begun last, they would be what a run ends with, one at a time. */
const long = /\/(conformance|broken|clients|outage|snippets|connect|stopped|wait|types|acl|moving)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// Vitest 4 reads `test.projects`; this file has a name that vitest does not look for, so it is named on the command line.
export default defineConfig({
  // Tests run from source: no dist folder is needed, none can be stale.
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: {
    globalSetup: ["scripts/test-servers.ts"],
    // Most of a file is waiting for a server, a process or a timer.
    maxWorkers: 2 * availableParallelism(),
    // Milliseconds. A test that hangs is found by it, and a slow machine is no hang: some take a second alone, five beside others.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "packages",
          include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts"],
          typecheck: { enabled: false },
        },
      },
      { extends: true, test: { name: "examples", include: ["examples/**/*.test.ts"] } },
      { extends: true, test: { name: "scripts", include: ["scripts/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "torture",
          include: ["torture/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...trials, alone],
        },
      },
      { extends: true, test: { name: "trials", include: trials } },
      { extends: true, test: { name: "trials-alone", include: [alone], sequence: { groupOrder: 1 } } },
    ],
  },
});
