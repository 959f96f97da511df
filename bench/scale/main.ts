/**
 * Few sessions against many: `npm run bench:scale`, or `npm run bench:scale -- --only memory --large 50000`. Every
 * contender is its own process. Earlier results stay in `results/scale.json` until they are measured again. Needs
 * redis-server, mariadbd and postgres for their contenders, and 10 GB of disk for a million files. Run the build first.
 */
import { execFileSync, fork } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../progress.js";
import { keepJson, keepText, kept } from "../results.js";
import { versions } from "../versions.js";
import { contenders } from "./contenders.js";
import { plot } from "./plot.js";
import { compare, type Figure, type Measured, tables } from "./report.js";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    small: { type: "string", default: "10000" },
    large: { type: "string", default: "1000000" },
  },
});
const [small, large] = [Number(options.small), Number(options.large)];
const file = "scale.json";

type Message = { readonly step: string } | { readonly figures: readonly Figure[] };

function measure(name: string, sessions: number, progress: Progress): Promise<readonly Figure[]> {
  const script = join(import.meta.dirname, "measure.ts");
  const child = fork(script, [name, String(sessions)], {
    execArgv: [...process.execArgv, "--expose-gc"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  let figures: readonly Figure[] | undefined;
  child.on("message", (message: Message) => {
    if ("figures" in message) figures = message.figures;
    else progress.step(`${name}, ${sessions} sessions: ${message.step}`);
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => {
      if (code === 0 && figures !== undefined) resolve(figures);
      else reject(new Error(`${name} with ${sessions} sessions ended with code ${code}`));
    });
  });
}

function before(): Measured[] {
  return (kept(file) ?? []) as Measured[];
}

function keep(measured: Measured): void {
  const others = before().filter(({ name, sessions }) => name !== measured.name || sessions !== measured.sessions);
  const order = contenders.map(({ name }) => name);
  const all = [...others, measured].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  keepJson(file, all);
}

const chosen = contenders.filter(({ name }) => name.includes(options.only));
const runs = chosen.flatMap(({ name }) => [small, large].map((sessions) => ({ name, sessions })));
const progress = new Progress(runs.reduce((sum, { sessions }) => sum + Math.ceil(sessions / 1000), 0));
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
for (const { name, sessions } of runs) {
  const figures = await measure(name, sessions, progress);
  const date = new Date().toISOString();
  keep({ name, sessions, date, commit, node: process.version, figures });
}
progress.end();
const comparisons = compare(before(), small, large);
keepText("scale.svg", plot(comparisons, small, large));
console.log(`With ${versions()}.\n\n${tables(comparisons, small, large)}`);
