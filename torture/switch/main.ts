/**
 * An application of express-session and connect-redis that is switched to @sess under load, without signing anybody out:
 * `npx tsx torture/switch/main.ts [users] [ms of each phase] [way]`. Ends with 1 when somebody was.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

// From source, as the tests: nothing needs to be built, nothing can be stale.
const node = ["--conditions=@sess/source", "--import", "tsx", join(import.meta.dirname, "run.ts")];
spawn(process.execPath, [...node, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => {
  process.exitCode = code ?? 1;
});
