/**
 * The same trial under Node, Bun and Deno, and another one under workerd: `npm run check:runtimes`. Their binaries come
 * from npm. Run the build first.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { installFromNpm } from "../from-npm.js";
import { underWorkerd, version as workerdVersion } from "./workerd.js";

const run = promisify(execFile);
const trial = join(import.meta.dirname, "trial.mjs");

interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
}

/** Their packages for each platform, of one version each; where there is none, the runtime is said not to have run. */
const platform = `${process.platform}-${process.arch}`;
const binaries = [
  {
    name: "Bun",
    version: "1.4.5",
    package: "@oven/bun-",
    platforms: { "linux-x64": "linux-x64" },
    path: "bin/bun",
    args: ["run"],
  },
  {
    name: "Deno",
    version: "2.9.6",
    package: "@deno/",
    platforms: { "linux-x64": "linux-x64-glibc" },
    path: "deno",
    args: ["run", "-A"],
  },
] as const;

async function install(folder: string): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const { name, version, package: prefix, platforms, path, args } of binaries) {
    const suffix = Object.entries(platforms).find(([each]) => each === platform)?.[1];
    if (suffix === undefined) {
      console.log(`${name}: not run, since its package for ${platform} is not known here`);
      continue;
    }
    const files = await installFromNpm(`${prefix}${suffix}`, version, folder);
    runtimes.push({ name: `${name} ${version}`, command: [join(files, path), ...args] });
  }
  return runtimes;
}

/** What the trial said of each of its cases. */
async function results({ command: [program = "", ...args] }: Runtime): Promise<Map<string, string>> {
  const { stdout } = await run(program, [...args, trial], { timeout: 120_000 });
  return new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(": ", 2) as [string, string]),
  );
}

/** Prints what came of the cases, one row for each runtime. All of them must be "yes". */
function print(rows: readonly (readonly [name: string, results: ReadonlyMap<string, string>])[]): void {
  const cases = [...(rows[0]?.[1].keys() ?? [])];
  if (cases.length === 0) throw new Error("the trial said nothing");
  console.log(`| runtime | ${cases.join(" | ")} |\n|---|${cases.map(() => "---|").join("")}`);
  for (const [name, results] of rows) {
    const cells = cases.map((each) => results.get(each) ?? "NOTHING SAID");
    console.log(`| ${name} | ${cells.join(" | ")} |`);
    if (cells.some((cell) => cell !== "yes")) process.exitCode = 1;
  }
}

const folder = await mkdtemp(join(tmpdir(), "sess-runtimes-"));
try {
  const runtimes = [{ name: `Node ${process.versions.node}`, command: [process.execPath] }, ...(await install(folder))];
  print(await Promise.all(runtimes.map(async (runtime) => [runtime.name, await results(runtime)] as const)));
  const ofWorkerd = await underWorkerd(folder);
  if (ofWorkerd === undefined) console.log(`workerd: not run, since its package for ${platform} is not known here`);
  else print([[`workerd ${workerdVersion}`, ofWorkerd]]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
