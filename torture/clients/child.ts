import { once } from "node:events";
import { kindOf } from "../../packages/redis/test/kinds.js";
import { type Places, trials } from "./trials.js";

const [name = "", trial = "", places = "{}"] = process.argv.slice(2);

const asks = async (ask: string) => {
  process.send?.({ ask });
  await once(process, "message");
};
const hands = {
  pauseReplica: () => asks("pause the replica"),
  resumeReplica: () => asks("resume the replica"),
};

const run = trials[trial];
if (run === undefined) throw new Error(`no trial "${trial}"`);
const result = await run(kindOf(name), JSON.parse(places) as Places, hands).catch((error: unknown) => `NO: ${error}`);
process.send?.({ result }, () => process.exit(0));
