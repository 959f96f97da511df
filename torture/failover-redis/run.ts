/** What main.ts starts. */
import { parseArgs } from "node:util";
import { canStartRedis, howToEnable } from "../../packages/redis/test/server.js";
import { report } from "./report.js";
import { type Form, forms, trial, violationsOf } from "./trial.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    failovers: { type: "string", default: "20" },
    wait: { type: "string" },
    short: { type: "boolean", default: false },
  },
});
const form = forms.find((name) => name === positionals[0]);
const rounds = values.short ? 1 : Number(values.failovers);
const wait = values.wait === undefined ? undefined : Number(values.wait);
if (form === undefined || !(rounds > 0)) {
  console.error(`say which: ${forms.join(", ")}; and how often with --failovers`);
  process.exit(2);
}
if (!(await canStartRedis())) {
  console.error(howToEnable);
  process.exit(1);
}
// Reported errors are counted; a process warning for each would hide the report.
process.removeAllListeners("warning");
process.on("warning", () => {});
process.exitCode = await main(form);

async function main(form: Form): Promise<number> {
  const progress = (round: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${form} ${round}/${rounds} `);
  };
  const result = await trial(form, { rounds, wait, progress });
  if (process.stderr.isTTY) process.stderr.write("\n");
  for (const line of report(result)) console.log(line);
  const violations = violationsOf(result);
  console.log(violations.length === 0 ? "all of it held" : `DID NOT HOLD:\n${violations.join("\n")}`);
  return violations.length === 0 ? 0 : 1;
}
