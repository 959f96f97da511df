/**
 * Tries a release without its last step: `npm run check:publish`. In a copy of the repository it raises the versions,
 * publishes with `--dry-run`, packs, and checks every tarball. It reads what was built.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { addRepository, copyOfRepository, repositoryOf } from "../release/prepare.js";
import { faultsOf, listing } from "./published.js";
import { filesIn, type Manifest, pack } from "./tarball.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const expected = join(import.meta.dirname, "published-files.json");
/** Used while the repository has no address: `npm run release` refuses then, and this checks everything else. */
const example = "git+https://example.com/sess.git";

async function raiseVersions(copy: string): Promise<void> {
  const changesets = join(root, "node_modules", "@changesets", "cli", "bin.js");
  await run(process.execPath, [changesets, "version"], { cwd: copy });
  const waiting = (await readdir(join(copy, ".changeset"))).filter((name) => name.endsWith(".md"));
  if (waiting.length > 0) throw new Error(`changesets that were not used up: ${waiting.join(", ")}`);
}

async function manifestsIn(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder));
  return names.map((name) => join(folder, name, "package.json")).filter((path) => existsSync(join(root, path)));
}

/**
 * By default, changesets also raises private packages, and turns a new minor of core into a new major of its
 * dependents.
 */
async function versionFaults(copy: string): Promise<string[]> {
  const names = (await readdir(join(root, ".changeset"))).filter((name) => name.endsWith(".md"));
  const changesets = await Promise.all(names.map((name) => readFile(join(root, ".changeset", name), "utf8")));
  const faults: string[] = [];
  for (const path of [...(await manifestsIn("packages")), ...(await manifestsIn("examples")), "torture/package.json"]) {
    const [before, after] = await Promise.all([root, copy].map((place) => readFile(join(place, path), "utf8")));
    if (before === undefined || after === undefined || before === after) continue;
    const [was, is] = [JSON.parse(before) as Manifest, JSON.parse(after) as Manifest];
    if (is.private) faults.push(`${path} is private, and would be changed`);
    const isNewMajor = Number.parseInt(was.version, 10) !== Number.parseInt(is.version, 10);
    if (isNewMajor && !changesets.some((text) => text.includes(`"${is.name}": major`))) {
      faults.push(`${is.name} would become ${is.version}, and no changeset says major`);
    }
  }
  return faults;
}

async function publishDry(copy: string): Promise<void> {
  const publish = ["-r", "publish", "--dry-run", "--no-git-checks"];
  await run("npx", ["-y", "pnpm@12.21.0", ...publish], { cwd: copy });
}

const repository = await repositoryOf(root);
if (repository === undefined) console.log("no repository is set: npm run release would refuse");
const copy = await copyOfRepository(root);
const tarballs = await mkdtemp(join(tmpdir(), "sess-tarballs-"));
const faults: string[] = [];
const lists: Record<string, readonly string[]> = {};
try {
  await raiseVersions(copy);
  faults.push(...(await versionFaults(copy)));
  await addRepository(copy, repository ?? example);
  await publishDry(copy);
  for (const name of (await readdir(join(copy, "packages"))).sort()) {
    const folder = join(copy, "packages", name);
    const tarball = await pack(folder, tarballs);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
    const found = await faultsOf(tarball);
    lists[name] = listing(await filesIn(tarball));
    console.log(`@sess/${name}@${version}: ${lists[name].length} files, ${found.length} faults`);
    faults.push(...found.map((fault) => `@sess/${name}: ${fault}`));
  }
} finally {
  await rm(copy, { recursive: true, force: true });
  await rm(tarballs, { recursive: true, force: true });
}
const text = `${JSON.stringify(lists, undefined, 2)}\n`;
if (process.argv.includes("--write")) await writeFile(expected, text);
else if (text !== (await readFile(expected, "utf8").catch(() => ""))) {
  faults.push("the tarballs hold other files than published-files.json says. Meant? npm run check:publish -- --write");
}
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
