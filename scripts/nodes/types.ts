import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Manifest } from "../checks/tarball.js";
import { installFromNpm } from "../from-npm.js";
import { prelude, uses } from "./uses.js";

const run = promisify(execFile);
const packages = join(import.meta.dirname, "..", "..", "packages");
const types = join(import.meta.dirname, "..", "..", "node_modules", "@types");

/** A compiler's messages about a use of every public entry of every package, without skipLibCheck; empty if none. */
export async function typesUnder(version: string, work: string): Promise<string> {
  const folder = join(work, `types-${version}`);
  const compiler = await binaryOf(await installFromNpm("typescript", version, join(work, `typescript-${version}`)));
  const entries = await link(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  // An application has one adapter of a framework: two would declare the same `session`.
  const [alone, together] = [entries.filter(isAlone), entries.filter((entry) => !isAlone(entry))];
  const said: string[] = [];
  for (const program of [together, alone]) {
    const files = program.map((entry) => [`${entry.replace(/\W+/g, "-").slice(1)}.ts`, useOf(entry)] as const);
    for (const [file, text] of files) await writeFile(join(folder, file), text);
    const names = files.map(([file]) => file);
    for (const resolution of ["nodenext", "bundler"] as const) {
      said.push(await compile(compiler, folder, resolution, names));
    }
  }
  return said.join("");
}

/** A module that uses an entry. */
function useOf(entry: string): string {
  const use = uses.get(entry);
  if (use === undefined) throw new Error(`scripts/nodes/uses.ts has nothing on ${entry}`);
  return `${prelude}export * from "${entry}";\n${use}`;
}

const isAlone = (entry: string) => entry.endsWith("-session");

async function compile(
  compiler: string,
  folder: string,
  moduleResolution: "nodenext" | "bundler",
  files: readonly string[],
): Promise<string> {
  const compilerOptions = {
    module: moduleResolution === "bundler" ? "esnext" : "nodenext",
    moduleResolution,
    target: "es2022",
    lib: ["ES2022", "ESNext.Disposable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [types],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  return run(process.execPath, [compiler, "-p", folder]).then(
    () => "",
    (error: { readonly stdout: string }) => error.stdout,
  );
}

/** Links the packages into an application as if installed; resolves to their entries. */
async function link(folder: string): Promise<string[]> {
  const entries: string[] = [];
  for (const name of await readdir(packages)) {
    if (!existsSync(join(packages, name, "dist"))) continue;
    const manifest = JSON.parse(await readFile(join(packages, name, "package.json"), "utf8")) as Manifest;
    const place = join(folder, "node_modules", manifest.name);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(packages, name), place);
    const code = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
    entries.push(...code.map(([path]) => manifest.name + path.slice(1)));
  }
  return entries;
}

async function binaryOf(compiler: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(compiler, "package.json"), "utf8")) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  return join(compiler, manifest.bin.tsc ?? "bin/tsc");
}
