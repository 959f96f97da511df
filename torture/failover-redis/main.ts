/**
 * Redis failing over, or moving slots, under load:
 * `npx tsx torture/failover-redis/main.ts sentinel|cluster|reshard [--failovers 20] [--wait 1] [--short]`.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
