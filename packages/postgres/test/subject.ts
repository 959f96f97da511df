import type { Admin, SqlSubject } from "../../core/test-support/stores/sql.js";
import { ddl, postgres } from "../src/provider.js";
import { startPostgres } from "./server.js";
import { adminPool, connectionsOf } from "./support.js";

/** This provider, for the tests that those over a database share. */
export const subject: SqlSubject = {
  name: "postgres",
  start: startPostgres,
  admin,
  connect: (url, config, context) => postgres({ ...(url && { url }), ...config } as object).connect(context),
  callersPool(url) {
    const pool = adminPool(url);
    return { pool, end: () => pool.end() };
  },
  ddl,
  keyColumn: "key",
  key: (hex) => `decode('${hex}', 'hex')`,
};

function admin(url: string): Admin {
  const pool = adminPool(url);
  return {
    query: (sql) => pool.query(sql),
    hold: () => pool.connect(),
    connections: () => connectionsOf(pool),
    async waiting() {
      const { rows } = await pool.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
      );
      return rows[0].n;
    },
    end: () => pool.end(),
  };
}
