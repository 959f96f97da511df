import { defineConfig } from "vitest/config";

// Vitest 4 reads `test.projects`; the name of this file is the card's. It is named on the command line because
// vitest does not look for it by itself.
export default defineConfig({
  // Tests run from source: no dist folder is needed, none can be stale.
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: {
    globalSetup: ["scripts/test-servers.ts"],
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
      { extends: true, test: { name: "torture", include: ["torture/**/*.test.ts"] } },
    ],
  },
});
