/**
 * Every operation of a provider under every fault of the network: `npx tsx torture/wire/main.ts redis|mysql|postgres [fault]`,
 * with a part of a fault's name for that one only.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
