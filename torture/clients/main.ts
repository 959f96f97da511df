/**
 * Each client of Redis by each trial: `npx tsx torture/clients/main.ts`, or with a part of a client's name. Bun comes
 * from npm. Ends with code 1 when a guarantee did not hold.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
