import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@sess/source"] },
  ssr: { resolve: { conditions: ["@sess/source"] } },
  test: { include: ["packages/core/src/memory/conformance.test.ts"], testTimeout: 2000 },
});
