/**
 * Applications of frameworks, with core installed from its tarball, run as their users run them: `npm run
 * check:frameworks`, or with the names of some. Prints what each does, and "N passed, M failed".
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "../checks/tarball.js";
import { nodeFromNpm } from "../from-npm.js";
import { Application } from "./application.js";
import { frameworks, type Tried } from "./frameworks.js";
import { devReload, type Trial, trials } from "./trials.js";

const packages = join(import.meta.dirname, "..", "..", "packages");
const version = "24.21.0";

interface Row {
  readonly name: string;
  readonly versions: string;
  readonly cells: ReadonlyMap<string, string>;
}

const faults: string[] = [];
let passed = 0;

/** The outcome of a trial, for its cell. */
async function cell(where: string, run: () => Promise<unknown>, yes = "yes"): Promise<string> {
  try {
    await run();
    passed += 1;
    return yes;
  } catch (error) {
    faults.push(`${where}: ${error instanceof Error ? error.message : error}`);
    return "NO";
  }
}

async function tried(framework: Tried, work: string, node: string, tarballs: readonly string[]): Promise<Row> {
  const { name, build, types, start, dev, forgets, further } = framework;
  const application = await Application.install(framework, join(work, name), tarballs, node);
  const cells = new Map<string, string>();
  if (build !== undefined) cells.set("build", await cell(`${name}, build`, () => application.command(build)));
  cells.set("types", await cell(`${name}, types`, () => application.command(types)));
  const server = await application.serve(start);
  const attempt = async (trial: Trial) => {
    await application.store();
    const came = await cell(`${name}, ${trial.name}`, () => trial.run({ application, server }));
    await application.store();
    return came;
  };
  for (const trial of trials) cells.set(trial.name, await attempt(trial));
  const more: string[] = [];
  for (const trial of further) more.push(`${trial.name}: ${await attempt(trial)}`);
  await server.stop();
  const reload = dev === undefined ? "none" : await cell(`${name}, dev reload`, () => devReload(application), forgets);
  cells.set("dev reload", reload);
  cells.set("further", more.join(", "));
  return { name, versions: await application.versions(), cells };
}

const asked = process.argv.slice(2);
const work = await mkdtemp(join(tmpdir(), "sess-frameworks-"));
const rows: Row[] = [];
try {
  const node = await nodeFromNpm(version, join(work, "node"));
  const tarballs = [await pack(join(packages, "core"), work), await pack(join(packages, "cookie"), work)];
  for (const framework of frameworks.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const begin = performance.now();
    await tried(framework, work, node, tarballs).then(
      (row) => rows.push(row),
      (error: Error) => faults.push(`${framework.name}: ${error.message}`),
    );
    console.log(`${framework.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  }
} finally {
  if (process.env.SESS_KEEP === undefined) await rm(work, { recursive: true, force: true });
  else console.log(work);
}
const columns = ["build", "types", ...trials.map(({ name }) => name), "dev reload", "further"];
console.log(`\nNode ${version}\n\n| framework | ${columns.join(" | ")} |\n|---|${columns.map(() => "---|").join("")}`);
for (const { versions, cells } of rows) {
  console.log(`| ${versions} | ${columns.map((column) => cells.get(column) ?? "none").join(" | ")} |`);
}
for (const fault of faults) console.error(fault);
console.log(`\n${passed} passed, ${faults.length} failed`);
process.exit(faults.length === 0 ? 0 : 1);
