import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/provider.ts"],
  format: "esm",
  target: "node20",
  clean: true,
  // Else `node:fs` becomes `fs`, which a package of that name can take over, and Deno and Workers refuse.
  removeNodeProtocol: false,
  // TypeScript 6 calls an option deprecated that tsup's declaration step sets by itself.
  dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] } },
});
