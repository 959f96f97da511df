/**
 * Packs core and each provider, installs core and that one provider into an empty folder with plain npm, and uses them
 * as applications do, on each Node that is supported: `npm run check:consumers`, or with the names of some providers.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pack } from "../checks/tarball.js";
import { type Case, type Consumer, cases, kept } from "./cases.js";
import { type Node, nodes } from "./nodes.js";
import { beside, stores } from "./stores.js";

const run = promisify(execFile);
const packages = join(import.meta.dirname, "..", "..", "packages");

async function install(folder: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const options = ["--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...options, ...tarballs, "@types/node@20"], { cwd: folder });
}

/** The outcome of a case: on which Nodes it passed, and on which it failed. */
async function cellOf({ name, check }: Case, consumer: Consumer, on: readonly Node[]): Promise<Cell> {
  const faults: string[] = [];
  const fault = (where: string) => (error: Error) => void faults.push(`${where}: ${error.message}`);
  const program = await check(consumer).catch(fault(`${consumer.provider}, ${name}`));
  if (program === undefined) return { text: faults.length === 0 ? "yes" : "NO", trials: 1, faults };
  const texts: string[] = [];
  // One after the other: several that start at once on a busy machine wait too long for their store.
  for (const node of on) {
    const before = faults.length;
    await kept(node, program).catch(fault(`${consumer.provider}, ${name}, Node ${node.name}`));
    texts.push(faults.length === before ? node.name : `NOT ${node.name}`);
  }
  return { text: texts.join(" "), trials: on.length, faults };
}

interface Cell {
  readonly text: string;
  readonly trials: number;
  readonly faults: readonly string[];
}

const asked = process.argv.slice(2);
const known = Object.keys(stores).filter(
  (name) => name === "memory" || existsSync(join(packages, name, "dist", "index.js")),
);
const work = await mkdtemp(join(tmpdir(), "sess-consumers-"));
const on = await nodes(join(work, "nodes"));
const core = await pack(join(packages, "core"), work);
let trials = 0;
let failed = 0;
console.log(`| provider | ${cases.map(({ name }) => name).join(" | ")} |\n|---|${cases.map(() => "---|").join("")}`);
for (const provider of asked.length > 0 ? asked : known) {
  const folder = join(work, provider);
  await install(
    folder,
    provider === "memory" ? [core] : [core, await pack(join(packages, provider), work), ...(beside[provider] ?? [])],
  );
  const store = await stores[provider]?.();
  if (store === undefined) throw new Error(`no store for ${provider}`);
  const cells: Cell[] = [];
  for (const each of cases) cells.push(await cellOf(each, { folder, provider, json: store.json }, on));
  await store.stop();
  console.log(`| ${provider} | ${cells.map(({ text }) => text).join(" | ")} |`);
  const faults = cells.flatMap((cell) => cell.faults);
  for (const fault of faults) console.error(fault);
  trials += cells.reduce((sum, cell) => sum + cell.trials, 0);
  failed += faults.length;
}
console.log(`${trials - failed} of ${trials}`);
await rm(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
