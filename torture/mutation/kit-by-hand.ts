import { spawn } from "node:child_process";
import { join } from "node:path";
import { handMade } from "./by-hand.js";

const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
const patience = 120_000;

/** The numbers of the mutations by hand that the kit notices. Rejects if the kit fails without a mutation. */
export async function runKitByHand(subject: string): Promise<boolean[]> {
  const mutations = handMade[subject]?.mutations ?? [];
  if (mutations.length === 0) return [];
  if (await kitFails(undefined)) throw new Error("the kit fails on the sources as they are");
  const killed: boolean[] = [];
  for (const number of mutations.keys()) killed.push(await kitFails(number));
  return killed;
}

/** A run that does not end counts as a failure. */
function kitFails(number: number | undefined): Promise<boolean> {
  const { SESS_MUTATION, ...rest } = process.env;
  const env = number === undefined ? rest : { ...rest, SESS_MUTATION: String(number) };
  const args = [vitest, "run", "--config", "torture/mutation/kit.config.ts", "--bail", "1"];
  const run = spawn(process.execPath, args, { env, stdio: "ignore", timeout: patience, killSignal: "SIGKILL" });
  return new Promise((resolve, reject) => {
    run.once("error", reject);
    run.once("exit", (code) => resolve(code !== 0));
  });
}
