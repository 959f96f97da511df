/**
 * MariaDB or PostgreSQL failing over to a replica under load:
 * `npx tsx torture/failover-sql/main.ts mysql|postgres [async|sync] [rounds]`. For MariaDB `sync` is semi-synchronous.
 */
import { join } from "node:path";
import { runFromSource } from "../from-source.js";

runFromSource(join(import.meta.dirname, "run.ts"));
