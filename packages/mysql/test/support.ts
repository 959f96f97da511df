import { createPool, type Pool } from "mysql2/promise";
import { groupsFor } from "../../core/test-support/stores/support.js";
import { canStartMysql, howToEnable, startMysql } from "./server.js";

export { all, Clock, createAll, newKey, newRecord, newTable } from "../../core/test-support/stores/support.js";

/** Groups of tests that start servers of their own, or to which the one that SESS_MYSQL_URL names is as good. */
export const { describeWithServer, describeWithUrl } = groupsFor({
  available: await canStartMysql(),
  howToEnable,
  variable: "SESS_MYSQL_URL",
  start: startMysql,
});

/** A pool for what the tests do themselves, without FOUND_ROWS unless `foundRows`. */
export function adminPool(url: string, foundRows = false): Pool {
  return createPool({ uri: url, flags: foundRows ? [] : ["-FOUND_ROWS"], multipleStatements: true });
}

/** What the server has counted since its start under a name of SHOW GLOBAL STATUS. */
export async function statusOf(admin: Pool, name: string): Promise<number> {
  const [rows] = await admin.query("SHOW GLOBAL STATUS WHERE Variable_name = ?", [name]);
  const [row] = rows as { Value: string }[];
  return Number(row?.Value);
}
