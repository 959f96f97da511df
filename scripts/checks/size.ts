/**
 * Checks what must stay small: core's root entry in a bundle, its dependencies, and every file of every package. Fails
 * if core has a dependency, or if a file has more than 250 lines.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

const mostLines = 250;

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));
const core = join(packages, "core");

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

const files = readdirSync(packages)
  .map((name) => join(name, "src"))
  .filter((folder) => existsSync(join(packages, folder)))
  .flatMap((folder) =>
    readdirSync(join(packages, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  )
  .filter((name) => name.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(name))
  .map((name) => ({ name, lines: readFileSync(join(packages, name), "utf8").split("\n").length - 1 }))
  .sort((a, b) => b.lines - a.lines);
const tooLong = files.filter(({ lines }) => lines > mostLines);
console.log(`Longest of ${files.length} source files: ${files[0]?.name}, ${files[0]?.lines} lines`);
for (const { name, lines } of tooLong) console.log(`${name}: ${lines} lines, more than ${mostLines}`);

process.exitCode = dependencies === 0 && tooLong.length === 0 ? 0 : 1;
