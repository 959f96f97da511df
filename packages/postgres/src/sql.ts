import { SessionError } from "@sess/core";

/** Records removed by one statement, which takes a few milliseconds. */
export const gcBatch = 500;
/** Keys listed by one statement. */
export const pageSize = 500;

/** The statements on one table. In each, `$1` is the key, the owner, or the first parameter named below. */
export interface Sql {
  /** Parameters: key, now. */
  readonly read: string;
  /** Parameters: key, version, expires, owner, retired, data, now. Returns a row when the record was stored. */
  readonly create: string;
  /** Parameters: key, version, expires, owner, retired, data, expected version, now. See {@link sqlFor}. */
  readonly update: string;
  /** Parameters: key, expires, expected version, now. Returns a row when the record was there. */
  readonly touch: string;
  /** Parameters: now. */
  readonly count: string;
  /** Parameters: time. Removes at most {@link gcBatch} records; its row holds their number. */
  readonly collect: string;
  /** Parameters: now, last key. At most {@link pageSize} rows. */
  readonly keys: string;
  /** Parameters: owner, last key. At most {@link pageSize} rows. */
  readonly keysOf: string;
}

/**
 * The statements on a table. Each is one atomic step in a transaction of its own, at READ COMMITTED or above.
 *
 * A refused `update` returns the row that refused it. A plain SELECT in the same statement could return an older row,
 * because its snapshot was taken before the statement waited for another writer. A SELECT that takes the lock returns
 * the present row, and costs nothing more where the update has the lock already.
 */
export function sqlFor(table: string): Sql {
  const row = "encode(key, 'hex') AS key, version, expires, owner, retired, data";
  // With `+expires`, the index of expiries is none for a statement about one key: the plan of a small table would use it,
  // and a prepared statement keeps that plan when the table is large.
  const key = "key = decode($1, 'hex')";
  // The column itself: `key` alone would be what is returned, which no index has in order.
  const page = `AND key > decode($2, 'hex') ORDER BY t.key LIMIT ${pageSize}`;
  return {
    read: `SELECT ${row} FROM ${table} WHERE ${key} AND +expires > $2`,
    create: `INSERT INTO ${table} AS t (key, version, expires, owner, retired, data)
      VALUES (decode($1, 'hex'), $2, $3, $4, $5, $6)
      ON CONFLICT (key) DO UPDATE SET version = $2, expires = $3, owner = $4, retired = $5, data = $6
      WHERE t.expires <= $7 RETURNING encode(key, 'hex') AS key`,
    update: `WITH written AS (UPDATE ${table} SET version = $2, owner = $4, retired = $5, data = $6,
        expires = CASE WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE $3 END
        WHERE ${key} AND version = $7 AND +expires > $8 RETURNING ${row})
      SELECT true AS written, key, NULL AS version, NULL::float8 AS expires, NULL AS owner, NULL AS retired, NULL AS data
        FROM written
      UNION ALL SELECT false, current.* FROM (SELECT ${row} FROM ${table}
        WHERE ${key} AND +expires > $8 AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE) AS current`,
    touch: `UPDATE ${table} SET expires = greatest(expires, $2)
      WHERE ${key} AND version = $3 AND retired IS NULL AND +expires > $4 RETURNING encode(key, 'hex') AS key`,
    count: `SELECT count(*) AS n FROM ${table} WHERE retired IS NULL AND expires > $1`,
    // The rows are locked first and then checked as they are now, so that a record renewed meanwhile is kept. Rows
    // locked by others are skipped.
    collect: `WITH gone AS MATERIALIZED (SELECT key FROM ${table} WHERE expires <= $1
        ORDER BY expires LIMIT ${gcBatch} FOR UPDATE SKIP LOCKED),
      removed AS (DELETE FROM ${table} AS t USING gone WHERE t.key = gone.key AND t.expires <= $1 RETURNING 1)
      SELECT count(*) AS n FROM removed`,
    keys: `SELECT encode(key, 'hex') AS key FROM ${table} AS t WHERE retired IS NULL AND expires > $1 ${page}`,
    keysOf: `SELECT encode(key, 'hex') AS key FROM ${table} AS t WHERE owner = $1 ${page}`,
  };
}

/** A table's name as it is written in a statement. Throws `SESS_CONFIG` when a part of it is not allowed. */
export function nameOf(table: unknown, schema?: unknown): string {
  const name = quoted("table", table);
  return schema === undefined ? name : `${quoted("schema", schema)}.${name}`;
}

function quoted(what: string, name: unknown): string {
  if (typeof name === "string" && /^[a-z_][a-z0-9_]{0,62}$/.test(name)) return `"${name}"`;
  const allowed = "must be 1 to 63 of a-z, 0-9 and _, and not begin with a digit";
  throw new SessionError("SESS_CONFIG", `postgres: providerConfig ${what} ${allowed}`);
}
