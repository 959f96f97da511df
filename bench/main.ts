/**
 * Ours against peers and floors: `npm run bench`, or `npm run bench -- --only redis --rounds 3 --sizes 2048`. Every
 * contender is its own process. Rounds are interleaved, so that a disturbance of the machine affects all contenders.
 * With `--before ../other` ours of another work tree, built there, runs in the same rounds. Needs `wrk` (Debian:
 * apt-get install -y wrk), and redis-server, mariadbd and postgres for their groups. Run the build first.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Contender, type Group, groups } from "./contenders.js";
import { plot } from "./plot.js";
import { Progress } from "./progress.js";
import { type Measured, report } from "./report.js";
import { keepJson, keepText } from "./results.js";
import { type Load, Running, type Store, startStore } from "./running.js";
import { versions } from "./versions.js";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "1" },
    sizes: { type: "string", default: "100,2048,20480" },
    sessions: { type: "string", default: "200" },
    loads: { type: "string", default: "" },
    before: { type: "string" },
  },
});
const [rounds, seconds, sessions] = [Number(options.rounds), Number(options.seconds), Number(options.sessions)];
const sizes = options.sizes.split(",").map(Number);
const loads = [
  { name: "read, spread", path: "/read", spread: true },
  { name: "read, hot", path: "/read", spread: false },
  { name: "write, spread", path: "/write", spread: true },
  { name: "write, hot", path: "/write", spread: false },
] as const;

/** One session for everybody is measured at one size only, because the size has little influence on it. */
function loadsAt(size: number) {
  const hotSize = sizes.find((each) => each === 2048) ?? sizes[0];
  return loads.filter(({ name, spread }) => name.includes(options.loads) && (spread || size === hotSize));
}

/** The same in the folder of `--before`, if there is one. */
function before(contender: Contender): Contender[] {
  if (options.before === undefined || contender.role !== "ours") return [];
  const folder = resolve(options.before, "bench");
  // A provider that is new has no figures from before.
  const isThere = existsSync(resolve(folder, "../packages", contender.name.replace("@sess/", "")));
  return isThere ? [{ ...contender, name: "before", role: "before", folder }] : [];
}

async function measure(group: Group, size: number, progress: Progress): Promise<Measured[]> {
  const stores: Store[] = [];
  const running: Running[] = [];
  try {
    for (const contender of group.contenders.flatMap((each) => [...before(each), each])) {
      const store = await startStore(group.backend);
      stores.push(store);
      const started = await Running.start(contender, store.place, size);
      running.push(started);
      await started.fill(sessions, size);
    }
    for (const each of running) for (const { path } of loads) await each.load(path, true, 1);
    const measured: Measured[] = [];
    for (const load of loadsAt(size)) {
      const rounded = new Map(running.map((each) => [each, [] as Load[]]));
      for (let round = 0; round < rounds; round++) {
        // The first of a round is the last of the next.
        for (const each of round % 2 === 0 ? running : running.toReversed()) {
          rounded.get(each)?.push(await each.load(load.path, load.spread, seconds));
          progress.step(`${group.name}, ${size} B, ${load.name}`);
        }
      }
      for (const [{ contender }, each] of rounded) {
        measured.push({
          group: group.name,
          load: load.name,
          size,
          name: contender.name,
          role: contender.role,
          perSecond: each.map(({ perSecond }) => perSecond),
          cpu: each.map(({ cpu }) => cpu),
        });
      }
    }
    return measured;
  } finally {
    for (const each of running) await each.stop();
    for (const store of stores) await store.stop();
  }
}

const chosen = groups.filter(({ name }) => name.includes(options.only));
const runs = sizes.flatMap((size) =>
  chosen.filter(({ largest = size }) => size <= largest).map((group) => ({ group, size })),
);
const steps = runs.reduce((sum, { group, size }) => sum + group.contenders.length * rounds * loadsAt(size).length, 0);
const progress = new Progress(steps);
const measured: Measured[] = [];
const failures: string[] = [];
for (const { group, size } of runs) {
  try {
    measured.push(...(await measure(group, size, progress)));
  } catch (error) {
    // One failure must not lose an hour of other figures.
    failures.push(`${group.name}, ${size} B: ${error}`);
  }
}
progress.end();

const settings = {
  date: new Date().toISOString(),
  node: `${process.version}, V8 ${process.versions.v8}`,
  cpu: `${cpus().length} x ${cpus()[0]?.model}`,
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  "load average": loadavg()
    .map((each) => each.toFixed(1))
    .join(", "),
  rounds,
  seconds,
  sessions,
  connections: 32,
  versions: versions(),
};
keepJson("latest.json", { settings, measured });
for (const [name, svg] of plot(measured)) keepText(`${name}.svg`, svg);
console.log(report(measured, groups, settings));
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
