import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import commonjsModule from "@rollup/plugin-commonjs";
import jsonModule from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build } from "esbuild";
import { rollup } from "rollup";

// TypeScript reads their declarations as CommonJS, although ES modules run.
const commonjs = commonjsModule as unknown as typeof commonjsModule.default;
const json = jsonModule as unknown as typeof jsonModule.default;

/**
 * Bundles a consumer's module; resolves to the bundle's path. The bundle is beside the consumer's folder, where nothing
 * is installed, so that modules which the bundler left out are missing.
 */
export type Bundle = (folder: string, entry: string) => Promise<string>;

async function bundlePath(folder: string, name: string): Promise<string> {
  const path = join(`${folder}-bundled`, `${name}.mjs`);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

export const byEsbuild: Bundle = async (folder, entry) => {
  const outfile = await bundlePath(folder, "esbuild");
  await build({
    entryPoints: [join(folder, entry)],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    // CommonJS code in a bundle loads Node's own modules by require.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: "silent",
  });
  return outfile;
};

/** The plugins for CommonJS and JSON are for what ioredis, mysql2 and pg depend on. */
export const byRollup: Bundle = async (folder, entry) => {
  const path = await bundlePath(folder, "rollup");
  const bundle = await rollup({
    input: join(folder, entry),
    plugins: [nodeResolve({ preferBuiltins: true, exportConditions: ["node"] }), commonjs(), json()],
    onLog: (_, log) => {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
    },
  });
  await bundle.write({
    dir: dirname(path),
    entryFileNames: basename(path),
    chunkFileNames: "[name]-[hash].mjs",
    format: "es",
  });
  await bundle.close();
  return path;
};
