import { defineConfig } from "tsup";

const entry = {
  index: "src/index.ts",
  conformance: "src/conformance/index.ts",
  express: "src/adapters/express.ts",
  "express-session": "src/express-session/index.ts",
  fastify: "src/adapters/fastify.ts",
  "fastify-session": "src/fastify-session/index.ts",
  h3: "src/adapters/h3.ts",
  hono: "src/adapters/hono.ts",
  koa: "src/adapters/koa.ts",
  "koa-session": "src/koa-session/index.ts",
  next: "src/adapters/next.ts",
  sveltekit: "src/adapters/sveltekit.ts",
};

export default defineConfig({
  // The command is run and not imported: it has no types.
  entry: { ...entry, cli: "src/cli/main.ts" },
  format: "esm",
  target: "node20",
  clean: true,
  // Else `node:fs` becomes `fs`, which a package of that name can take over, and Deno and Workers refuse.
  removeNodeProtocol: false,
  // TypeScript 6 calls an option deprecated that tsup's declaration step sets by itself.
  dts: { entry, compilerOptions: { ignoreDeprecations: "6.0", customConditions: [] } },
});
