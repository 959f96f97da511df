import type { Admin, SqlSubject } from "../../core/test-support/stores/sql.js";
import { ddl, mysql } from "../src/provider.js";
import { startMysql } from "./server.js";
import { adminPool, statusOf } from "./support.js";

/** This provider, for the tests that those over a database share. */
export const subject: SqlSubject = {
  name: "mysql",
  start: startMysql,
  admin,
  connect: (dsn, config, context) => mysql({ ...(dsn && { dsn }), ...config } as object).connect(context),
  callersPool(url) {
    const pool = adminPool(url);
    return { pool, end: () => pool.end() };
  },
  ddl,
  keyColumn: "session_key",
  key: (hex) => `UNHEX('${hex}')`,
};

function admin(url: string): Admin {
  const pool = adminPool(url);
  return {
    query: (sql) => pool.query(sql),
    hold: () => pool.getConnection(),
    connections: async () => (await statusOf(pool, "Threads_connected")) - 1,
    waiting: () => statusOf(pool, "Innodb_row_lock_current_waits"),
    end: () => pool.end(),
  };
}
