/**
 * MariaDB failing over to a replica under load: `npx tsx torture/failover-mysql/main.ts [async|semi-sync] [rounds]`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

// From source, as the tests: nothing needs to be built, nothing can be stale.
const node = ["--conditions=@sess/source", "--import", "tsx", join(import.meta.dirname, "run.ts")];
spawn(process.execPath, [...node, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => {
  process.exitCode = code ?? 1;
});
