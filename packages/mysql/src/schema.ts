import { SessionError } from "@sess/core";
import type { Deadline } from "./deadline.js";
import { numberOf } from "./failure.js";
import { shortField } from "./record.js";
import { type Sql, sqlFor } from "./sql.js";
import type { Statements } from "./statements.js";

/**
 * The statement that creates a table. The provider runs it unless `createTable` is false; run it by hand if it is.
 * Throws a `SessionError` with `SESS_CONFIG` when the name is not allowed.
 */
export function ddl(table = "sessions"): string {
  return `CREATE TABLE IF NOT EXISTS \`${checkTable(table)}\` (
  session_key BINARY(32) NOT NULL,
  version VARBINARY(${shortField}) NOT NULL,
  expires BIGINT NOT NULL,
  owner VARBINARY(${shortField}) NULL,
  retired VARBINARY(${shortField}) NULL,
  data LONGBLOB NOT NULL,
  PRIMARY KEY (session_key),
  KEY expires (expires, retired),
  KEY owner (owner)
) ENGINE=InnoDB`;
}

/**
 * Returns a table's name that is safe in a statement; otherwise throws a `SessionError` with `SESS_CONFIG`. Names are
 * lowercase, because it depends on the server's file system whether `A` and `a` are the same table.
 */
export function checkTable(table: unknown): string {
  if (typeof table === "string" && /^[a-z_][a-z0-9_]{0,63}$/.test(table)) return table;
  throw new SessionError(
    "SESS_CONFIG",
    "mysql: providerConfig table must be 1 to 64 of a-z, 0-9 and _, and not begin with a digit",
  );
}

/** What was found out about a server: the statements to use, and the maximum bytes of a packet. */
export interface Prepared {
  readonly sql: Sql;
  readonly packetLimit: number;
}

/**
 * Checks the server and the table, and creates a missing table if `createTable` is true. Rejects with `SESS_CONFIG`
 * when they cannot be used as they are.
 */
export async function prepare(
  statements: Statements,
  table: string,
  createTable: boolean,
  until: Deadline,
): Promise<Prepared> {
  const sql = sqlFor(checkTable(table));
  const [row] = await statements.rows("SELECT @@max_allowed_packet, @@autocommit, DATABASE()", [], until);
  if (row?.[2] === null) throw wrong("no database is named");
  if (Number(row?.[1]) !== 1) throw wrong("the pool's connections must be in autocommit mode");
  await inspect(statements, sql, table, createTable, until);
  return { sql, packetLimit: Number(row?.[0]) };
}

async function inspect(statements: Statements, sql: Sql, table: string, createTable: boolean, until: Deadline) {
  try {
    checkColumns(await statements.columns(sql.inspect, until), table);
  } catch (error) {
    const number = error instanceof SessionError ? numberOf(error.cause) : 0;
    if (number === 1054) throw foreign(table, "it lacks a column");
    if (number !== 1146) throw error;
    if (!createTable) throw wrong(`there is no table ${table}, and createTable is false`);
    await statements.write(ddl(table), [], until);
    checkColumns(await statements.columns(sql.inspect, until), table);
  }
}

/** Type, length in bytes, and whether it is the primary key, for each column in the order of {@link Sql.inspect}. */
const expected = [
  { name: "session_key", type: 254, length: 32 },
  { name: "version", type: 253, length: shortField },
  { name: "expires", type: 8, length: 0 },
  { name: "owner", type: 253, length: shortField },
  { name: "retired", type: 253, length: shortField },
  { name: "data", type: 252, length: 0xffff_ffff },
];
const binary = 63;
const primaryKey = 2;

// A narrower column truncates silently if the server is not in strict mode; with a collation, two keys may count as
// one.
function checkColumns(columns: readonly unknown[], table: string): void {
  expected.forEach(({ name, type, length }, index) => {
    const column = columns[index];
    const part = (key: string) => Number(typeof column === "object" && column !== null && Reflect.get(column, key));
    const fits = part("columnType") === type && part("characterSet") === binary && part("columnLength") >= length;
    if (!fits) throw foreign(table, `${name} is of another type`);
    if (index === 0 && (part("flags") & primaryKey) === 0) {
      throw foreign(table, `${name} is not its primary key`);
    }
  });
}

function foreign(table: string, reason: string): SessionError {
  return wrong(`the table ${table} is not one of this provider's: ${reason}. Name another in the option table`);
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `mysql: ${message}`);
}
