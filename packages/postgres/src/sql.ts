import { SessionError } from "@sess/core";

/** Records removed by one statement: a few milliseconds' work. */
export const gcBatch = 500;
/** Keys listed by one statement. */
export const pageSize = 500;

/** The statements on one table. In each, `$1` is the key, the owner, or the first of what it is about. */
export interface Sql {
  /** Parameters: key, now. */
  readonly read: string;
  /** Parameters: key, version, expires, owner, retired, data, now. A row when it was stored. */
  readonly create: string;
  /** Parameters: key, version, expires, owner, retired, data, expected version, now. See {@link sqlFor}. */
  readonly update: string;
  /** Parameters: key, expires, expected version, now. A row when it was there. */
  readonly touch: string;
  /** Parameters: now. */
  readonly count: string;
  /** Parameters: time. Removes at most {@link gcBatch} records; its row says how many. */
  readonly collect: string;
  /** Parameters: now, last key. At most {@link pageSize} rows. */
  readonly keys: string;
  /** Parameters: owner, last key. At most {@link pageSize} rows. */
  readonly keysOf: string;
}

/**
 * A table's statements; each is one step by itself, in a transaction of its own, at READ COMMITTED or above.
 *
 * A refused `update` gives the row that refused it. The row that a plain SELECT of the same statement finds may be older:
 * its snapshot is from before the wait for somebody else's write. One that takes the lock gives the row as it is now, and
 * the update has the lock already where it waited for it.
 */
export function sqlFor(table: string): Sql {
  const row = "encode(key, 'hex') AS key, version, expires, owner, retired, data";
  const key = "key = decode($1, 'hex')";
  const page = `AND key > decode($2, 'hex') ORDER BY key LIMIT ${pageSize}`;
  return {
    read: `SELECT ${row} FROM ${table} WHERE ${key} AND expires > $2`,
    create: `INSERT INTO ${table} AS t (key, version, expires, owner, retired, data)
      VALUES (decode($1, 'hex'), $2, $3, $4, $5, $6)
      ON CONFLICT (key) DO UPDATE SET version = $2, expires = $3, owner = $4, retired = $5, data = $6
      WHERE t.expires <= $7 RETURNING encode(key, 'hex') AS key`,
    update: `WITH written AS (UPDATE ${table} SET version = $2, owner = $4, retired = $5, data = $6,
        expires = CASE WHEN $5::text IS NULL THEN greatest(expires, $3) ELSE $3 END
        WHERE ${key} AND version = $7 AND expires > $8 RETURNING ${row})
      SELECT true AS written, key, NULL AS version, NULL::float8 AS expires, NULL AS owner, NULL AS retired, NULL AS data
        FROM written
      UNION ALL SELECT false, current.* FROM (SELECT ${row} FROM ${table}
        WHERE ${key} AND expires > $8 AND NOT EXISTS (SELECT FROM written) FOR NO KEY UPDATE) AS current`,
    touch: `UPDATE ${table} SET expires = greatest(expires, $2)
      WHERE ${key} AND version = $3 AND retired IS NULL AND expires > $4 RETURNING encode(key, 'hex') AS key`,
    count: `SELECT count(*) AS n FROM ${table} WHERE retired IS NULL AND expires > $1`,
    // Locked first, and by then as they are now: what was renewed meanwhile is no longer among them. Others' are skipped.
    collect: `WITH gone AS MATERIALIZED (SELECT key FROM ${table} WHERE expires <= $1
        ORDER BY expires LIMIT ${gcBatch} FOR UPDATE SKIP LOCKED),
      removed AS (DELETE FROM ${table} AS t USING gone WHERE t.key = gone.key AND t.expires <= $1 RETURNING 1)
      SELECT count(*) AS n FROM removed`,
    keys: `SELECT encode(key, 'hex') AS key FROM ${table} WHERE retired IS NULL AND expires > $1 ${page}`,
    keysOf: `SELECT encode(key, 'hex') AS key FROM ${table} WHERE owner = $1 ${page}`,
  };
}

/** A table's name as it stands in a statement. Throws `SESS_CONFIG` when a part of it is not allowed. */
export function nameOf(table: unknown, schema?: unknown): string {
  const name = quoted("table", table);
  return schema === undefined ? name : `${quoted("schema", schema)}.${name}`;
}

function quoted(what: string, name: unknown): string {
  if (typeof name === "string" && /^[a-z_][a-z0-9_]{0,62}$/.test(name)) return `"${name}"`;
  const allowed = "must be 1 to 63 of a-z, 0-9 and _, and not begin with a digit";
  throw new SessionError("SESS_CONFIG", `postgres: providerConfig ${what} ${allowed}`);
}
