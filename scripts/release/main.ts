/**
 * Publishes the packages: `npm run release`, or with `-- --dry-run` everything but the last step. The versions have been
 * raised before, by `npx changeset version`, and committed. Refuses while the root's package.json names no repository.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { faultsOf } from "../checks/published.js";
import { pack } from "../checks/tarball.js";
import { addRepository, copyOfRepository, repositoryOf } from "./prepare.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const dry = process.argv.includes("--dry-run");

/** Why nothing can be published; empty when it can. */
async function reasons(repository: string | undefined): Promise<string[]> {
  const found: string[] = [];
  if (repository === undefined) {
    found.push('no repository: add "repository": "git+https://…" to the package.json of the root, and nowhere else');
  }
  const waiting = (await readdir(join(root, ".changeset"))).filter((name) => name.endsWith(".md"));
  if (waiting.length > 0 && !dry) found.push(`${waiting.length} changesets wait: npx changeset version, and commit it`);
  return found;
}

async function publish(repository: string): Promise<readonly string[]> {
  const copy = await copyOfRepository(root);
  const tarballs = await mkdtemp(join(tmpdir(), "sess-release-"));
  try {
    await addRepository(copy, repository);
    const faults: string[] = [];
    for (const name of await readdir(join(copy, "packages"))) {
      const found = await faultsOf(await pack(join(copy, "packages", name), tarballs));
      faults.push(...found.map((fault) => `@sess/${name}: ${fault}`));
    }
    if (faults.length > 0) return faults;
    const options = ["--no-git-checks", ...(dry ? ["--dry-run"] : [])];
    const { stdout } = await run("npx", ["-y", "pnpm@12.21.0", "-r", "publish", ...options], { cwd: copy });
    console.log(stdout);
    return [];
  } finally {
    await rm(copy, { recursive: true, force: true });
    await rm(tarballs, { recursive: true, force: true });
  }
}

const repository = await repositoryOf(root);
const refused = await reasons(repository);
const faults = refused.length > 0 || repository === undefined ? refused : await publish(repository);
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
