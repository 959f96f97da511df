/** What main.ts starts. */
import { tellOfFailovers } from "./report.js";
import { type Database, databases } from "./subjects.js";

const [name = "", mode = "async", count = "20"] = process.argv.slice(2);
const database: Database | undefined = new Map<string, Database>(Object.entries(databases)).get(name);
if (database === undefined || !["async", "sync"].includes(mode) || !(Number(count) > 0)) {
  console.error("say which, mysql or postgres; how it is replicated, async or sync; and how often to fail over");
  process.exit(2);
}
if (!(await database.canStart())) {
  console.error(database.howToEnable);
  process.exit(1);
}
await tellOfFailovers(database, mode, mode === "sync", Number(count));
