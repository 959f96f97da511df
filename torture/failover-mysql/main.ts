/**
 * MariaDB failing over to a replica under load: `npx tsx torture/failover-mysql/main.ts [async|semi-sync] [rounds]`.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
