/**
 * What it costs to start with ours and with peers: `npm run bench:start-up`, or `npm run bench:start-up -- --rounds 5`.
 * Each import runs in its own process, rounds are interleaved, and a process that imports nothing is the baseline. Then
 * it measures the bundle of each. Run the build first.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { Progress } from "../progress.js";
import { keepJson } from "../results.js";
import { versions } from "../versions.js";
import { bundle, drivers } from "./bundle.js";
import { applications, bundles, type Imported, packages } from "./contenders.js";
import { type Bundle, type Import, report, type Sample } from "./report.js";

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "21" } } });
const rounds = Number(options.rounds);
const run = promisify(execFile);

/** Runs in its own process, which resolves packages like the bench. */
async function imported({ imports }: Imported): Promise<Sample> {
  const env = { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "" };
  const args = ["--expose-gc", join(import.meta.dirname, "imported.mjs"), ...imports];
  const { stdout } = await run(process.execPath, args, { env });
  return JSON.parse(stdout);
}

const nothing: Imported = { name: "nothing", imports: [] };
const measured: Import[] = [nothing, ...packages, ...applications].map((each) => ({ ...each, samples: [] }));
const progress = new Progress(rounds * measured.length);
for (let round = 0; round < rounds; round++) {
  // The first of a round is the last of the next.
  for (const each of round % 2 === 0 ? measured : measured.toReversed()) {
    each.samples.push(await imported(each));
    progress.step(each.name);
  }
}
progress.end();

const bundled: Bundle[] = [];
for (const each of bundles) {
  bundled.push({ name: each.name, whole: await bundle(each, []), without: await bundle(each, drivers) });
}

keepJson("start-up.json", { measured, bundled });
console.log(`With ${versions()}.\n\n${report(measured, bundled)}`);
