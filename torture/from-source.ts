import { spawn } from "node:child_process";

/**
 * Runs a file with this process's arguments, and ends with its exit code. It runs from source, like the tests: nothing
 * needs a build, and nothing can be stale.
 */
export function runFromSource(file: string): void {
  const node = ["--conditions=@sess/source", "--import", "tsx", file];
  spawn(process.execPath, [...node, ...process.argv.slice(2)], { stdio: "inherit" }).on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
