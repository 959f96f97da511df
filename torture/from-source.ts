import { spawn } from "node:child_process";

/**
 * Runs a file with this process's arguments, and ends as it does. From source, as the tests: nothing needs to be built,
 * nothing can be stale.
 */
export function runFromSource(file: string): void {
  const node = ["--conditions=@sess/source", "--import", "tsx", file];
  spawn(process.execPath, [...node, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
