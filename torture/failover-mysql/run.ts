/** What main.ts starts. */
import { canStartMysql, howToEnable } from "../../packages/mysql/test/server.js";
import { tellOfFailovers } from "./report.js";
import { mariadb } from "./subject.js";

const [mode = "async", count = "20"] = process.argv.slice(2);
if (!["async", "semi-sync"].includes(mode) || !(Number(count) > 0)) {
  console.error("say how it is replicated, async or semi-sync, and how often to fail over");
  process.exit(2);
}
if (!(await canStartMysql())) {
  console.error(howToEnable);
  process.exit(1);
}
await tellOfFailovers(mariadb, mode, mode === "semi-sync", Number(count));
