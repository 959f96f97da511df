/**
 * Redis failing over, or moving slots, under load:
 * `npx tsx torture/failover/main.ts sentinel|cluster|reshard [--failovers 20] [--wait 1] [--short]`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

// From source, as the tests: nothing needs to be built, nothing can be stale.
const node = ["--conditions=@sess/source", "--import", "tsx", join(import.meta.dirname, "run.ts")];
spawn(process.execPath, [...node, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => {
  process.exitCode = code ?? 1;
});
