import { SessionError } from "@sess/core";
import { nameOf } from "./sql.js";
import type { Statements } from "./statements.js";

/**
 * The statements that create a table: what this provider runs where `createTable` is not false, and what to run by hand
 * where it is. Throws a `SessionError` with `SESS_CONFIG` when a name is not allowed.
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

/** What {@link inspect} finds where the table is as {@link ddl} makes it. */
const columns =
  "data text C NOT NULL, expires double precision NOT NULL, key bytea NOT NULL, owner text C, retired text C, version text C NOT NULL";

const inspect = `SELECT current_setting('server_encoding') AS encoding,
  (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), collname,
      CASE WHEN attnotnull THEN 'NOT NULL' END), ', ' ORDER BY attname COLLATE "C")
    FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped) AS columns,
  (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p') AS primary_key`;

/**
 * One at a time, of all that connect: what two create at once fails for one of them with IF NOT EXISTS as well. Whether it
 * is there by then only the CREATE knows; what a connection has looked up before, it may still remember.
 */
const create = (table: string, schema?: string) => `DO $create$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('@sess/postgres'));
  ${ddl(table, schema)}
EXCEPTION WHEN duplicate_table THEN NULL;
END $create$`;

/**
 * Looks at the server and at the table, which is created if it is missing and `createTable` is true. Rejects with
 * `SESS_CONFIG` when they cannot be used as they are.
 */
export async function prepare(statements: Statements, table: string, schema: string | undefined, createTable: boolean) {
  const look = async () => (await statements.run(inspect, [nameOf(table, schema)], { reads: true }))[0] ?? {};
  let found = await look();
  if (found.encoding !== "UTF8") throw wrong("the encoding of the database must be UTF8");
  // Its name may be known a moment before its columns are to be seen: by them it is there or not.
  if (found.columns === null) {
    if (!createTable) throw wrong(`there is no table ${table}, and createTable is false`);
    await statements.run(create(table, schema), []);
    found = await look();
  }
  if (found.columns === columns && found.primary_key === "PRIMARY KEY (key)") return;
  throw wrong(`the table ${table} is not one of this provider's: its columns are not those that ddl() names`);
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `postgres: ${message}`);
}
