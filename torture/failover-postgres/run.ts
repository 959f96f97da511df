/** What main.ts starts. */
import { canStartPostgres, howToEnable } from "../../packages/postgres/test/server.js";
import { tellOfFailovers } from "../failover-mysql/report.js";
import { postgresql } from "./subject.js";

const [mode = "async", count = "20"] = process.argv.slice(2);
if (!["async", "sync"].includes(mode) || !(Number(count) > 0)) {
  console.error("say how it is replicated, async or sync, and how often to fail over");
  process.exit(2);
}
if (!(await canStartPostgres())) {
  console.error(howToEnable);
  process.exit(1);
}
await tellOfFailovers(postgresql, mode, mode === "sync", Number(count));
