import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs one version of a package below a folder, and runs none of its scripts; resolves to where its files lie. */
export async function installFromNpm(name: string, version: string, folder: string): Promise<string> {
  const options = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefix", folder];
  await promisify(execFile)("npm", ["install", ...options, `${name}@${version}`]);
  return join(folder, "node_modules", name);
}

/** The executable of a version of Node for this platform. */
export async function nodeFromNpm(version: string, folder: string): Promise<string> {
  const files = await installFromNpm(`node-${process.platform}-${process.arch}`, version, join(folder, version));
  return join(files, "bin", "node");
}
