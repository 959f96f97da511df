import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const left = new Set(["node_modules", ".git", ".tmp", "coverage"]);

/**
 * Copies everything except installed packages. These are linked, so that the tools and the packages find what they
 * need.
 */
export async function copyOfRepository(root: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "sess-publish-"));
  await cp(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  await run("git", ["init", "--quiet", "--initial-branch=main", copy]);
  return copy;
}

/** The address of the repository; undefined while it has none. The one place for it is the root's package.json. */
export async function repositoryOf(root: string): Promise<string | undefined> {
  const { repository } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly repository?: string | { readonly url?: string };
  };
  return (typeof repository === "string" ? repository : repository?.url) || undefined;
}

/** Says in each package's manifest where its sources are. */
export async function addRepository(copy: string, url: string): Promise<void> {
  for (const name of await readdir(join(copy, "packages"))) {
    const path = join(copy, "packages", name, "package.json");
    const manifest: object = JSON.parse(await readFile(path, "utf8"));
    const repository = { type: "git", url, directory: `packages/${name}` };
    await writeFile(path, `${JSON.stringify({ ...manifest, repository }, undefined, 2)}\n`);
  }
}
