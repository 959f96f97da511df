import { spawn } from "node:child_process";
import { join } from "node:path";
import { luaMutations } from "./lua.js";

const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
const patience = 60_000;

/** Which of the mutations of the Lua the kit notices, by number. Rejects when it fails without any. */
export async function runKitOnLua(): Promise<boolean[]> {
  if (await kitFails(undefined)) throw new Error("the kit fails on the scripts as they are");
  const killed: boolean[] = [];
  for (const number of luaMutations.keys()) killed.push(await kitFails(number));
  return killed;
}

/** A run that does not end is a failure. */
function kitFails(number: number | undefined): Promise<boolean> {
  const { SESS_LUA, ...rest } = process.env;
  const env = number === undefined ? rest : { ...rest, SESS_LUA: String(number) };
  const args = [vitest, "run", "--config", "torture/mutation/redis.config.ts", "--bail", "1"];
  const run = spawn(process.execPath, args, { env, stdio: "ignore", timeout: patience, killSignal: "SIGKILL" });
  return new Promise((resolve, reject) => {
    run.once("error", reject);
    run.once("exit", (code) => resolve(code !== 0));
  });
}
