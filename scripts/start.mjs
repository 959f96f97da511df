/**
 * `npm start` serves examples/login; `npm start -- redis` serves examples/redis. Plain JavaScript, which Node runs
 * without a loader: one process less between a signal and the server.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const examples = new URL("../examples/", import.meta.url);
const [name = "login", ...args] = process.argv.slice(2);
const names = readdirSync(examples).filter((folder) => existsSync(new URL(`${folder}/server.ts`, examples)));

if (!names.includes(name)) {
  console.error(`There is no example "${name}". There are: ${names.join(", ")}`);
  process.exit(1);
}

// In one process with tsx as its loader: a signal to it reaches the server itself.
const server = fileURLToPath(new URL(`${name}/server.ts`, examples));
const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), server, ...args], { stdio: "inherit" });

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm passes a signal to the shell between it and this script, and the shell ends without passing it on.
const parent = process.ppid;
const orphaned = () => process.ppid !== parent && child.kill("SIGTERM");
if (process.env.npm_lifecycle_event) setInterval(orphaned, 200).unref();

child.on("error", (error) => {
  console.error(`The example could not be started: ${error.message}`);
  process.exit(1);
});
// Shells say 128 + n for a program that signal n ended.
child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
