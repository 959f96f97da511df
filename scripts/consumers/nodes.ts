import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { nodeFromNpm } from "../from-npm.js";

/** A Node to run applications on. */
export interface Node {
  /** Its major version. */
  readonly name: string;
  /** The path of its executable. */
  readonly program: string;
}

/** By major version: the newest of each line, as npm has them. */
const versions: Readonly<Record<string, string>> = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };
/** Where npm has all of them. */
const platforms = ["linux-x64", "linux-arm64"];

/** This Node, and one of each other line, installed below the folder where there is a package for it. */
export async function nodes(folder: string): Promise<readonly Node[]> {
  const own = { name: process.versions.node.split(".")[0] ?? "", program: process.execPath };
  const platform = `${process.platform}-${process.arch}`;
  const found = new Map<string, Node>([[own.name, own]]);
  for (const [name, version] of Object.entries(versions)) {
    if (found.has(name)) continue;
    if (platforms.includes(platform)) found.set(name, { name, program: await install(version, folder) });
    else console.log(`Node ${name}: not run, since its package for ${platform} is not known here`);
  }
  return [...found.values()].sort((a, b) => Number(a.name) - Number(b.name));
}

async function install(version: string, folder: string): Promise<string> {
  const program = await nodeFromNpm(version, folder);
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  if (stdout.trim() !== `v${version}`) throw new Error(`the Node ${version} of npm says it is ${stdout}`);
  return program;
}
