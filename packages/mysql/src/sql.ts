/**
 * The statements on one table, each prepared once on each connection. Valid on MariaDB 10.11 and MySQL 8. The caller
 * must have checked the table's name: it is the only text inserted into a statement.
 */
export interface Sql {
  /** Parameters: none. Used for the columns of its result. */
  readonly inspect: string;
  /** Parameters: key. */
  readonly read: string;
  /** Parameters: {@link mostKeys} keys. */
  readonly readMany: string;
  /** Parameters: key, version, expires, owner, retired, data. */
  readonly insert: string;
  /** Parameters: version, expires, owner, retired, data, key, now. Replaces an expired record. */
  readonly replaceExpired: string;
  /** Parameters: key. Returns the key, its expiry and its version. */
  readonly findTaken: string;
  /** Parameters: version, expires, owner, retired, data, key, expected version, now. */
  readonly updateToSession: string;
  readonly updateToMarker: string;
  /** Parameters: expires, key, expected version, now. */
  readonly touch: string;
  /** Parameters: key, expected version, expires, now. */
  readonly findTouched: string;
  /** Parameters: now. */
  readonly count: string;
  /** Parameters: time. Removes at most {@link gcBatch} records. */
  readonly collect: string;
  /** Parameters: last key. At most {@link pageSize} rows. */
  readonly keys: string;
  /** Parameters: owner, last key. At most {@link pageSize} rows. */
  readonly keysOf: string;
}

/** Keys read by one statement: the maximum that core asks for at once. */
export const mostKeys = 8;
/** Records removed by one statement, which takes a few milliseconds. */
export const gcBatch = 500;
/** Keys listed by one statement. */
export const pageSize = 500;

/** The statements on a table. */
export function sqlFor(table: string): Sql {
  const t = `\`${table}\``;
  const columns = "session_key, version, expires, owner, retired, data";
  // In MySQL, an assignment sees the results of those before it. None of these reads a column that another one assigns.
  const set = "version = ?, expires = ?, owner = ?, retired = ?, data = ?";
  const setLater = "version = ?, expires = GREATEST(expires, ?), owner = ?, retired = ?, data = ?";
  const atVersion = "session_key = ? AND version = ? AND expires > ?";
  return {
    inspect: `SELECT ${columns} FROM ${t} LIMIT 0`,
    read: `SELECT ${columns} FROM ${t} WHERE session_key = ?`,
    readMany: `SELECT ${columns} FROM ${t} WHERE session_key IN (${Array(mostKeys).fill("?").join(", ")})`,
    // A duplicate key is an error of its own. With ON DUPLICATE KEY UPDATE, the number of affected rows would depend on
    // FOUND_ROWS; with IGNORE, values that do not fit would be changed silently.
    insert: `INSERT INTO ${t} (${columns}) VALUES (?, ?, ?, ?, ?, ?)`,
    replaceExpired: `UPDATE ${t} SET ${set} WHERE session_key = ? AND expires <= ?`,
    findTaken: `SELECT session_key, expires, version FROM ${t} WHERE session_key = ?`,
    updateToSession: `UPDATE ${t} SET ${setLater} WHERE ${atVersion}`,
    updateToMarker: `UPDATE ${t} SET ${set} WHERE ${atVersion}`,
    touch: `UPDATE ${t} SET expires = GREATEST(expires, ?) WHERE session_key = ? AND version = ? AND retired IS NULL AND expires > ?`,
    findTouched: `SELECT session_key FROM ${t} WHERE session_key = ? AND version = ? AND retired IS NULL AND expires >= ? AND expires > ?`,
    count: `SELECT COUNT(*) FROM ${t} WHERE expires > ? AND retired IS NULL`,
    collect: `DELETE FROM ${t} WHERE expires <= ? ORDER BY expires LIMIT ${gcBatch}`,
    keys: `SELECT session_key, expires, retired IS NULL FROM ${t} WHERE session_key > ? ORDER BY session_key LIMIT ${pageSize}`,
    keysOf: `SELECT session_key, owner FROM ${t} WHERE owner = ? AND session_key > ? ORDER BY session_key LIMIT ${pageSize}`,
  };
}
