/**
 * What main.ts starts. A cell of the table says how the operation settled (+ resolved, - rejected, ! something did not
 * hold), after how many milliseconds, and the slowest of all the calls in the cell.
 */
import { faults } from "./faults.js";
import { type Increments, increments } from "./increments.js";
import { leaksSince, resources, runMatrix } from "./matrix.js";
import { incrementsOf, tableOf, totalsOf, violationsOf } from "./report.js";
import { openSubject, subjectNames } from "./subjects.js";

const [name = "", pattern = ""] = process.argv.slice(2);
/** Operations at a time. */
const lanes = 4;
/** The approximate number of bytes of an increment in each direction, so that a fault hits some in the middle. */
const lengths = { client: 700, server: 60 };

const subject = subjectNames.includes(name) ? await openSubject(name, (line) => console.error(line)) : undefined;
if (subject === undefined) {
  console.error(`say which provider: ${subjectNames.join(", ")}`);
  process.exit(2);
}
// Reported errors are counted; a process warning for each would hide the report.
process.removeAllListeners("warning");
process.on("warning", () => {});

const begun = performance.now();
const chosen = faults.filter((fault) => fault.name.includes(pattern));
let done = 0;
const matrix = await runMatrix(subject, chosen, lanes, ({ fault }) => {
  done++;
  if (process.stderr.isTTY) process.stderr.write(`\r${done}/${chosen.length * 11} ${fault.padEnd(30)}`);
});
const before = resources();
const all: Increments[] = [];
for (const fault of chosen) all.push(await increments(subject, fault, lengths, 5));
const leaks = [...matrix.leaks, ...(await leaksSince(before))];
await subject.stop();
if (process.stderr.isTTY) process.stderr.write("\n");

const result = { ...matrix, leaks };
console.log(`${name}, deadline ${subject.deadline} ms: settled +resolved or -rejected, own ms/slowest ms of the cell`);
console.log(tableOf(result));
console.log(`\nincrements through the Manager, each fault five times\n${incrementsOf(all)}\n`);
for (const [what, figure] of Object.entries(totalsOf(result, all))) console.log(`${what.padEnd(10)} ${figure}`);
console.log(`took       ${((performance.now() - begun) / 1000).toFixed(0)} s`);
const violations = violationsOf(result, all);
console.log(violations.length === 0 ? "all of it held" : `DID NOT HOLD:\n${violations.join("\n")}`);
process.exitCode = violations.length === 0 ? 0 : 1;
// The process should end by itself; this reports it if it does not.
setTimeout(() => {
  console.error(`something keeps the process: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}, 5000).unref();
