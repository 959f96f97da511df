import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The manifest's fields that are looked at here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly author?: string;
  readonly funding?: unknown;
  readonly repository?: { readonly type?: string; readonly url?: string; readonly directory?: string };
  readonly engines?: { readonly node?: string };
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly sideEffects?: readonly string[];
}

/** Packs the package in `folder` as it would be published; resolves to the tarball's path. */
export async function pack(folder: string, into: string): Promise<string> {
  await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", into], { cwd: folder });
  const { name, version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
  return join(into, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
}

/** The files of a tarball, without the folder that all of them lie in, sorted. */
export async function filesIn(tarball: string): Promise<string[]> {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const names = stdout.split("\n").filter((name) => name !== "" && !name.endsWith("/"));
  return names.map((name) => name.replace(/^package\//, "")).sort();
}

export async function textIn(tarball: string, file: string): Promise<string> {
  const { stdout } = await run("tar", ["-xzOf", tarball, `package/${file}`], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
