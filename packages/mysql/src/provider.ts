import type { ProviderContext, StoreConnector } from "@sess/core";
import { parseConfig, type Settings, textIn } from "./config.js";
import { diagnose } from "./diagnose.js";
import { connectFailure } from "./failure.js";
import type { MysqlConfig } from "./options.js";
import { type Endpoint, openOwn } from "./own-pool.js";
import { borrow, type MysqlPool } from "./pool.js";
import { prepare } from "./schema.js";
import { Statements } from "./statements.js";
import { MysqlStore } from "./store.js";

export type { MysqlCommonOptions, MysqlConfig, MysqlOptions, MysqlPoolOptions, MysqlTls } from "./options.js";
export type { MysqlConnection, MysqlPool } from "./pool.js";
export { ddl } from "./schema.js";

/**
 * Sessions in MySQL or MariaDB. The configuration is typed options, `{ pool }`, a `mysql://` URL or go-sql-driver's
 * DSN. Without one, the provider connects to `127.0.0.1:3306` and names no database. Throws a `SessionError` with
 * `SESS_CONFIG` when the configuration is wrong; a wrong URL or DSN is reported by connecting.
 *
 * Connecting rejects within `timeout`. It rejects with `SESS_CONFIG` when the server refuses the credentials, the
 * database, TLS or a privilege, or when the table cannot be used; otherwise with `SESS_UNAVAILABLE`. It then leaves
 * nothing open.
 */
export function mysql(config?: MysqlConfig | string): StoreConnector {
  if (textIn(config) !== undefined) {
    const read = async () => parseConfig(config, (await import("./config-text.js")).parseText);
    return { kind: "store", name: "mysql", connect: async (context) => connect(await read(), context) };
  }
  const settings = parseConfig(config);
  return { kind: "store", name: "mysql", connect: (context) => connect(settings, context) };
}

async function connect(settings: Settings, context: ProviderContext): Promise<MysqlStore> {
  const { target, table, createTable, timeout, mostPacket } = settings;
  const link = isPool(target) ? borrow(target) : await openOwn(target);
  const statements = new Statements(link, timeout);
  try {
    const { sql, packetLimit } = await prepare(statements, table, createTable, statements.deadline());
    const now = () => context.now();
    const look = () => diagnose(statements, table, now);
    return new MysqlStore(statements, sql, now, Math.min(packetLimit, mostPacket), look);
  } catch (error) {
    // The driver gives a connection that is being made as much time as all of this had.
    link.breakOff();
    await statements.close();
    throw connectFailure(error);
  }
}

function isPool(target: Endpoint | MysqlPool): target is MysqlPool {
  return "getConnection" in target;
}
