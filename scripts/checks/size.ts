/** The figures that core is to keep small: its root entry for a bundler, its dependencies, its longest file. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The part of esbuild used here. It comes with tsup, and is found from there. */
interface Esbuild {
  buildSync(options: Record<string, unknown>): { readonly outputFiles: readonly { readonly contents: Uint8Array }[] };
}
const require = createRequire(import.meta.url);
const { buildSync }: Esbuild = createRequire(require.resolve("tsup"))("esbuild");

const core = fileURLToPath(new URL("../../packages/core/", import.meta.url));

const { outputFiles } = buildSync({
  entryPoints: [join(core, "src/index.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node20",
  write: false,
});
const code = outputFiles[0]?.contents ?? new Uint8Array();
console.log(
  `Core's root entry: ${gzipSync(code, { level: 9 }).length} bytes minified and gzipped (${code.length} minified)`,
);

const manifest: { dependencies?: object } = JSON.parse(readFileSync(join(core, "package.json"), "utf8"));
const dependencies = Object.keys(manifest.dependencies ?? {}).length;
console.log(`Runtime dependencies: ${dependencies}`);

const sources = join(core, "src");
const lengths = readdirSync(sources, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(name))
  .map((name) => ({ name, lines: readFileSync(join(sources, name), "utf8").split("\n").length - 1 }))
  .sort((a, b) => b.lines - a.lines);
console.log(`Longest source file: ${lengths[0]?.name}, ${lengths[0]?.lines} lines`);

process.exitCode = dependencies === 0 ? 0 : 1;
