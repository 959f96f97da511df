/**
 * PostgreSQL failing over to a standby under load: `npx tsx torture/failover-postgres/main.ts [async|sync] [rounds]`.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
