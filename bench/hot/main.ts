/**
 * One hot session: `npm run bench:hot`, or `npm run bench:hot -- --only redis --rounds 3`. First 32 connections to one
 * process, on one session against two hundred; then the same connections spread over one to four processes that share
 * the session, and whether a fixed number of increments all arrived. Needs `wrk`, redis-server and mariadbd. Run the
 * build first.
 */
import { parseArgs } from "node:util";
import { groups } from "../contenders.js";
import { Progress } from "../progress.js";
import { keepJson, keepText } from "../results.js";
import { type HotAndSpread, hotAndSpread, kinds, type Point, type Tally, together } from "./measure.js";
import { picture } from "./picture.js";
import { report } from "./report.js";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "9" },
    seconds: { type: "string", default: "1" },
    size: { type: "string", default: "2048" },
    writes: { type: "string", default: "2000" },
  },
});
const most = 4;
const stores = groups
  .filter(({ name, goals }) => name.endsWith("node:http") && name.includes(options.only) && goals.read !== undefined)
  .filter(({ name }) => !name.startsWith("cookie"))
  .flatMap(({ backend, contenders }) =>
    contenders.filter(({ role }) => role === "ours").map((contender) => ({ backend, contender })),
  );
const shared = stores.filter(({ backend }) => backend !== "none");

const rounds = Number(options.rounds);
const progress = new Progress(rounds * kinds.length * (stores.length * 2 + shared.length * most));
const effort = {
  rounds,
  seconds: Number(options.seconds),
  size: Number(options.size),
  step: (what: string) => progress.step(what),
};
const single: HotAndSpread[] = [];
for (const { backend, contender } of stores) single.push(...(await hotAndSpread(backend, contender, effort)));
const [points, tallies]: [Point[], Tally[]] = [[], []];
for (const { backend, contender } of shared) {
  const counting = { ...contender, server: "sess-count" };
  const found = await together(backend, counting, most, Number(options.writes), effort);
  points.push(...found.points);
  tallies.push(...found.tallies);
}
progress.end();

keepJson("hot.json", { single, points, tallies });
keepText("hot.svg", picture(points));
console.log(report(single, points, tallies));
