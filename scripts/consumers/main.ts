/**
 * Packs core and each provider, installs core and that one provider into an empty folder with plain npm, and uses them
 * as applications do: `npm run check:consumers`, or with the names of some providers.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cases } from "./cases.js";
import { stores } from "./stores.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");

async function pack(name: string, into: string): Promise<string> {
  const folder = join(root, "packages", name);
  await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", into], { cwd: folder });
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return join(into, `sess-${name}-${version}.tgz`);
}

async function install(folder: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const options = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...options, ...tarballs, "@types/node@20"], { cwd: folder });
}

const asked = process.argv.slice(2);
const known = Object.keys(stores).filter(
  (name) => name === "memory" || existsSync(join(root, "packages", name, "dist", "index.js")),
);
const work = await mkdtemp(join(tmpdir(), "sess-consumers-"));
const core = await pack("core", work);
let failed = 0;
console.log(`| provider | ${cases.map(({ name }) => name).join(" | ")} |\n|---|${cases.map(() => "---|").join("")}`);
for (const provider of asked.length > 0 ? asked : known) {
  const folder = join(work, provider);
  await install(folder, provider === "memory" ? [core] : [core, await pack(provider, work)]);
  const store = await stores[provider]?.();
  if (store === undefined) throw new Error(`no store for ${provider}`);
  const cells: string[] = [];
  const faults: string[] = [];
  for (const { name, check } of cases) {
    const fault = await check({ folder, provider, json: store.json }).then(
      () => undefined,
      (error: Error) => `${provider}, ${name}: ${error.message}`,
    );
    cells.push(fault === undefined ? "yes" : "NO");
    if (fault !== undefined) faults.push(fault);
  }
  await store.stop();
  console.log(`| ${provider} | ${cells.join(" | ")} |`);
  for (const fault of faults) console.error(fault);
  failed += faults.length;
}
await rm(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
