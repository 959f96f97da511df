/**
 * Runs "Are the types wrong?" on each package's tarball, as npm would serve it: `npm run check:types-wrong`. The
 * packages are ES modules only, so only resolutions that can import one count. It reads what was built.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pack } from "./tarball.js";

const packages = join(import.meta.dirname, "..", "..", "packages");
const attw = join(import.meta.dirname, "..", "..", "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
const work = await mkdtemp(join(tmpdir(), "sess-types-"));
let failed = 0;
for (const name of (await readdir(packages)).sort()) {
  const tarball = await pack(join(packages, name), work);
  const args = [attw, tarball, "--profile", "esm-only", "--no-color", "--no-emoji", "--format", "table-flipped"];
  const said = await promisify(execFile)(process.execPath, args).then(
    () => undefined,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
  console.log(`@sess/${name}: ${said === undefined ? "the types are right" : "the types are WRONG"}`);
  if (said !== undefined) console.error(said);
  failed += said === undefined ? 0 : 1;
}
await rm(work, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
