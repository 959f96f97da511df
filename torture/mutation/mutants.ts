import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import type { Subject } from "./subjects.js";

/** What became of one mutation. */
export type Mutant = Awaited<ReturnType<Stryker["runMutationTest"]>>[number];

/**
 * Mutates with all of Stryker's mutators, and runs the kit on each mutant. It works in copies outside the repository,
 * which are removed.
 */
export function mutate(subject: Subject): Promise<Mutant[]> {
  const stryker = new Stryker({
    mutate: subject.files.map((file) => `${subject.folder}${file}.ts`),
    ignorePatterns: [
      "**",
      "!packages/*/src/**",
      "!packages/*/test/*.ts",
      "!packages/core/test-support/**",
      "!packages/*/package.json",
      "!package.json",
      "!tsconfig*.json",
      "!torture/mutation/*.ts",
    ],
    plugins: ["@stryker-mutator/vitest-runner"],
    testRunner: "vitest",
    vitest: { configFile: "torture/mutation/kit.config.ts", related: false },
    coverageAnalysis: "perTest",
    concurrency: 1,
    timeoutMS: subject.patience,
    reporters: ["progress-append-only"],
    tempDirName: join(tmpdir(), "sess-mutation"),
    cleanTempDir: "always",
    allowConsoleColors: false,
  });
  return stryker.runMutationTest();
}
