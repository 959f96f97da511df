/**
 * Several processes on one store: `npx tsx torture/processes/main.ts redis`. With `--short` in the sizes of the tests.
 */
import { Fleet } from "./fleet.js";
import { availableProviders, openStore } from "./stores.js";
import { everything, long, short } from "./trials.js";

const [provider, form] = process.argv.slice(2);
const processes = 8;
if (provider === undefined || !availableProviders().includes(provider)) {
  console.error(`say which provider: ${availableProviders().join(", ")}`);
  process.exit(2);
}

function progress(trial: string, done: number, of: number): void {
  if (!process.stderr.isTTY) return;
  const width = Math.round((Math.min(done, of) / of) * 40);
  process.stderr.write(`\r${trial.padEnd(14)} [${"#".repeat(width).padEnd(40)}] ${done}/${of} `);
}

const store = await openStore(provider, (line) => console.error(line));
if (store === undefined) process.exit(1);
const begun = performance.now();
const fleet = await Fleet.start(provider, store.config, processes);
const findings = await everything(fleet, form === "--short" ? short : long, progress);
await fleet.stop();
await store.stop();
if (process.stderr.isTTY) process.stderr.write("\n");
for (const { trial, figures, broken } of findings) {
  const said = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`${broken.length === 0 ? "held  " : "BROKEN"} ${trial}: ${[...said, ...broken].join(", ")}`);
}
console.log(`${processes} processes, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
process.exit(findings.some(({ broken }) => broken.length > 0) ? 1 : 0);
