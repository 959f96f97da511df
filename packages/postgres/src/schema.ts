import { SessionError } from "@sess/core";
import { nameOf } from "./sql.js";
import type { Statements } from "./statements.js";

/**
 * The statements that create a table. The provider runs them unless `createTable` is false; run them by hand if it is.
 * Throws a `SessionError` with `SESS_CONFIG` when a name is not allowed.
 */
export function ddl(table = "sessions", schema?: string): string {
  const name = nameOf(table, schema);
  return `CREATE TABLE ${name} (
  key bytea PRIMARY KEY,
  version text COLLATE "C" NOT NULL,
  expires double precision NOT NULL,
  owner text COLLATE "C",
  retired text COLLATE "C",
  data text COLLATE "C" NOT NULL
);
CREATE INDEX ON ${name} (expires);
CREATE INDEX ON ${name} (owner, key) WHERE owner IS NOT NULL;`;
}

/** The columns that {@link inspect} finds in a table made by {@link ddl}. */
const columns =
  "data text C NOT NULL, expires double precision NOT NULL, key bytea NOT NULL, owner text C, retired text C, version text C NOT NULL";

const inspect = `SELECT current_setting('server_encoding') AS encoding,
  (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), collname,
      CASE WHEN attnotnull THEN 'NOT NULL' END), ', ' ORDER BY attname COLLATE "C")
    FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p') AS primary_key`;

/**
 * Creates the table under a lock, one process at a time: when two processes create at once, one of them fails even with
 * IF NOT EXISTS. Only CREATE itself reliably finds out whether the table exists, since a connection may remember an
 * earlier look-up.
 */
const create = (table: string, schema?: string) => `DO $create$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('@sess/postgres'));
  ${ddl(table, schema)}
EXCEPTION WHEN duplicate_table THEN NULL;
END $create$`;

/**
 * Checks the server and the table, and creates a missing table if `createTable` is true. Rejects with `SESS_CONFIG`
 * when they cannot be used as they are.
 */
export async function prepare(statements: Statements, table: string, schema: string | undefined, createTable: boolean) {
  const look = async () => (await statements.run(inspect, [nameOf(table, schema)], { reads: true }))[0] ?? {};
  let found = await look();
  if (found.encoding !== "UTF8") throw wrong("the encoding of the database must be UTF8");
  // The table's name may be visible a moment before its columns are: the table counts as missing until they are.
  if (found.columns === null) {
    if (!createTable) throw wrong(`there is no table ${table}, and createTable is false`);
    await statements.run(create(table, schema), []);
    found = await look();
  }
  if (found.columns === columns && found.primary_key === "PRIMARY KEY (key)") return;
  const reason = "its columns are not those that ddl() names";
  throw wrong(`the table ${table} is not one of this provider's: ${reason}. Name another in the option table`);
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `postgres: ${message}`);
}
