import { Pool } from "pg";
import { groupsFor } from "../../core/test-support/stores/support.js";
import { canStartPostgres, howToEnable, startPostgres } from "./server.js";

export { all, Clock, createAll, newKey, newRecord, newTable } from "../../core/test-support/stores/support.js";

/** Groups of tests that start servers of their own, or to which the one that SESS_POSTGRES_URL names is as good. */
export const { describeWithServer, describeWithUrl } = groupsFor({
  available: await canStartPostgres(),
  howToEnable,
  variable: "SESS_POSTGRES_URL",
  start: startPostgres,
});

/** A pool for what the tests do themselves. */
export function adminPool(url: string): Pool {
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => {});
  return pool;
}

/** How many connections of clients the server has, this one not counted. */
export async function connectionsOf(admin: Pool): Promise<number> {
  const { rows } = await admin.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  return rows[0].n;
}
