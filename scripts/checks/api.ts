/**
 * The public API of each package, as declared, in `packages/<name>/api/<entry>.api.md`: a change of the API changes a
 * file that is reviewed. `npm run check:api` compares; with `--write` it writes. It reads what was built. It also
 * checks that whatever is declared as a value is one.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiReport } from "./api-report.js";
import { valueFaults } from "./values.js";

const packages = join(import.meta.dirname, "..", "..", "packages");
const write = process.argv.includes("--write");

interface Manifest {
  readonly name: string;
  readonly publishConfig: {
    readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
  };
}

/** The reports of a package by file name: one for each entry that has types. */
async function reportsOf(folder: string): Promise<Map<string, string>> {
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  const reports = new Map<string, string>();
  for (const [path, target] of Object.entries(manifest.publishConfig.exports)) {
    if (typeof target === "string") continue;
    const file = join(folder, target.types);
    if (!existsSync(file)) throw new Error(`${target.types} of ${manifest.name} is missing: npm run build`);
    const entry = path === "." ? "index" : path.slice(2).replaceAll("/", "-");
    reports.set(`${entry}.api.md`, apiReport(path === "." ? manifest.name : `${manifest.name}/${entry}`, file));
  }
  return reports;
}

/** The entries of a package whose declarations and modules disagree about values. */
async function valueFaultsOf(folder: string): Promise<string[]> {
  const { publishConfig } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  const found: string[] = [];
  for (const [path, target] of Object.entries(publishConfig.exports)) {
    if (typeof target === "string") continue;
    const about = await valueFaults(join(folder, target.types), join(folder, target.default));
    found.push(...about.map((fault) => `${folder} ${path}: ${fault}`));
  }
  return found;
}

/** The first line that differs, as both sides have it. */
function difference(kept: string, came: string): string {
  const [before, after] = [kept.split("\n"), came.split("\n")];
  const at = after.findIndex((line, index) => line !== before[index]);
  const line = at === -1 ? after.length : at;
  return `line ${line + 1}\n  kept: ${before[line] ?? "nothing"}\n  now:  ${after[line] ?? "nothing"}`;
}

const faults: string[] = [];
let entries = 0;
for (const name of (await readdir(packages)).sort()) {
  const reports = await reportsOf(join(packages, name));
  faults.push(...(await valueFaultsOf(join(packages, name))));
  const folder = join(packages, name, "api");
  const kept = existsSync(folder) ? await readdir(folder) : [];
  await mkdir(folder, { recursive: true });
  for (const stale of kept.filter((file) => !reports.has(file))) {
    if (write) await rm(join(folder, stale));
    else faults.push(`packages/${name}/api/${stale}: no entry has this report`);
  }
  for (const [file, report] of reports) {
    entries += 1;
    const before = kept.includes(file) ? await readFile(join(folder, file), "utf8") : "";
    if (before === report) continue;
    if (write) await writeFile(join(folder, file), report);
    else faults.push(`packages/${name}/api/${file} differs, ${difference(before, report)}`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) console.error("Meant? Then: npm run build && npm run check:api -- --write");
console.log(`${entries} entries, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
