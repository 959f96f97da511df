import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/provider.ts"],
  format: "esm",
  target: "node20",
  clean: true,
  // TypeScript 6 calls an option deprecated that tsup's declaration step sets by itself.
  dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] } },
});
