import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Minutes under load, with servers and processes that are killed: `npm run test:trials`, which `.ci/run` runs as well. */
const trials = [
  "torture/{failover-redis,failover-sql,from-express-session,processes,wire}/{failover,from-express-session,processes,wire}.test.ts",
];

// Vitest 4 reads `test.projects`; this file has a name that vitest does not look for, so it is named on the command line.
export default defineConfig({
  // Tests run from source: no dist folder is needed, none can be stale.
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: {
    globalSetup: ["scripts/test-servers.ts"],
    // Vitest leaves one core alone, which on two of them means one file after the other, and most of a file is waiting.
    maxWorkers: availableParallelism() + 1,
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
        test: { name: "torture", include: ["torture/**/*.test.ts"], exclude: [...configDefaults.exclude, ...trials] },
      },
      { extends: true, test: { name: "trials", include: trials } },
    ],
  },
});
