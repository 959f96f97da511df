import { BoundedCalls, type ProviderContext, type StoreConnector } from "@sess/core";
import { parseConfig, type Settings } from "./config.js";
import { diagnose } from "./diagnose.js";
import { connectFailure, refusesParameters } from "./failure.js";
import type { PostgresConfig } from "./options.js";
import { openOwn } from "./own-pool.js";
import type { Link, PostgresPool } from "./pool.js";
import { prepare } from "./schema.js";
import { nameOf, sqlFor } from "./sql.js";
import { Statements } from "./statements.js";
import { PostgresStore } from "./store.js";

export type {
  PostgresCommonOptions,
  PostgresConfig,
  PostgresOptions,
  PostgresPoolOptions,
  PostgresTls,
} from "./options.js";
export type { PostgresPool } from "./pool.js";
export { ddl } from "./schema.js";

/**
 * Sessions in PostgreSQL. The configuration is a `postgres://` URL, typed options, or `{ pool }`; without one, the
 * environment decides (`PGHOST`, `PGUSER` and so on). Throws a `SessionError` with `SESS_CONFIG` when the configuration
 * is wrong.
 *
 * Connecting rejects within `timeout`. It rejects with `SESS_CONFIG` when the server refuses the credentials, the
 * database, TLS or a privilege, or when the table cannot be used; otherwise with `SESS_UNAVAILABLE`. It then leaves
 * nothing open.
 */
export function postgres(config?: PostgresConfig | string): StoreConnector {
  const settings = parseConfig(config);
  return { kind: "store", name: "postgres", connect: (context) => connect(settings, context) };
}

async function connect(settings: Settings, context: ProviderContext, configured = true): Promise<PostgresStore> {
  const { target, table, schema, createTable, timeout } = settings;
  const link = "query" in target ? borrow(target) : await openOwn(target, timeout, configured);
  const statements = new Statements(link, timeout);
  try {
    await prepare(statements, table, schema, createTable);
    const now = () => context.now();
    const look = () => diagnose(statements, nameOf(table, schema), now);
    return new PostgresStore(statements, sqlFor(nameOf(table, schema)), now, look);
  } catch (error) {
    // The driver gives a connection that is being made as much time as all of this had.
    link.breakOff();
    await statements.close();
    if (configured && refusesParameters(Object(error).cause)) return connect(settings, context, false);
    throw connectFailure(error);
  }
}

/** The caller's pool. The caller handles its errors and closes it. */
function borrow(pool: PostgresPool): Link {
  const calls = new BoundedCalls();
  return {
    query: (text, values, until) => calls.run(() => pool.query(text, [...values]), until),
    distrust: () => {},
    breakOff: () => {},
    close: async () => calls.close(),
  };
}
