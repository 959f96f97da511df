import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { type Provider, SessionError, type SessionRecord, type StoreConnector } from "@sess/core";

export interface SqliteConfig {
  /** The database's file, which holds nothing else; made where there is none. Processes of one host may share it. */
  readonly path: string;
}

/** Throws a `SessionError` with `SESS_CONFIG`. */
export function sqlite(config?: SqliteConfig | string): StoreConnector {
  const path = typeof config === "object" ? config.path : config;
  if (typeof path !== "string" || path === "") throw new SessionError("SESS_CONFIG", "sqlite: path must be a file's");
  return { kind: "store", name: "sqlite", connect: async ({ now }) => open(resolve(path), now) };
}

// `data` is a BLOB: Node 22 ends a TEXT at its first NUL. `expires` is REAL: clocks may give fractions of milliseconds.
const schema = `PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS sessions (key TEXT PRIMARY KEY, version TEXT NOT NULL, expires REAL NOT NULL,
    owner TEXT, retired TEXT, data BLOB NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS by_expiry ON sessions (expires);
  CREATE INDEX IF NOT EXISTS by_owner ON sessions (owner) WHERE owner IS NOT NULL`;

/** A handle of one Manager. Every write is one statement, and so one step, for other processes as well. */
function open(path: string, now: () => number): Provider {
  closeSync(openSync(path, "a", 0o600)); // For nobody else to read; SQLite gives its other files the same mode.
  let db: DatabaseSync | undefined = new DatabaseSync(path);
  db.exec(schema);

  function run(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    if (db === undefined) throw new SessionError("SESS_CLOSED", "sqlite: the provider was closed");
    return db.prepare(sql).all(...values);
  }

  // By pages in the order of the keys: what is there throughout is on one of them, whatever comes and goes.
  async function* pages(where: string, value: SQLInputValue): AsyncGenerator<string> {
    const sql = `SELECT key FROM sessions WHERE ${where} AND key > ? ORDER BY key LIMIT 500`;
    for (let last: string | undefined = ""; last !== undefined; ) {
      const keys: string[] = run(sql, value, last).map((row) => String(row.key));
      yield* keys;
      last = keys[499];
    }
  }

  const provider: Provider = {
    async read(key) {
      const [row] = run("SELECT * FROM sessions WHERE key = ? AND expires > ?", key, now());
      return row && recordOf(row);
    },

    async create(key, record) {
      const sql = `REPLACE INTO sessions SELECT ?, ?, ?, ?, ?, ?
        WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE key = ? AND expires > ?) RETURNING 1`;
      return run(sql, key, ...columnsOf(record), key, now()).length === 1;
    },

    async update(key, record, expected) {
      const expires = record.retired === undefined ? "max(expires, ?)" : "?";
      const sql = `UPDATE sessions SET version = ?, expires = ${expires}, owner = ?, retired = ?, data = ?
        WHERE key = ? AND version = ? AND expires > ? RETURNING 1`;
      const [row] = run(sql, ...columnsOf(record), key, expected, now());
      return row ? { written: true } : { written: false, current: await provider.read(key) };
    },

    async touch(key, expiresAt, expected) {
      const sql = `UPDATE sessions SET expires = max(expires, ?)
        WHERE key = ? AND version = ? AND retired IS NULL AND expires > ? RETURNING 1`;
      return run(sql, expiresAt, key, expected, now()).length === 1;
    },

    async count() {
      return Number(run("SELECT count(*) AS n FROM sessions WHERE retired IS NULL AND expires > ?", now())[0]?.n);
    },

    async gc() {
      const sql = `DELETE FROM sessions WHERE expires <= ?
        AND key IN (SELECT key FROM sessions WHERE expires <= ? LIMIT 500) RETURNING 1`;
      for (let removed = 0; ; await new Promise((go) => setImmediate(go))) {
        const batch = run(sql, now() - 60_000, now() - 60_000).length;
        removed += batch;
        if (batch < 500) return removed;
      }
    },

    async close() {
      db?.close();
      db = undefined;
    },

    keys: () => pages("retired IS NULL AND expires > ?", now()),
    keysOf: (owner) => pages("owner = ?", owner),
  };
  return provider;
}

function columnsOf({ version, expiresAt, owner, retired, data }: SessionRecord) {
  return [version, expiresAt, owner ?? null, retired ?? null, Buffer.from(data)] as const;
}

function recordOf({ version, expires, owner, retired, data }: Record<string, unknown>): SessionRecord {
  return {
    data: Buffer.from(data as Uint8Array).toString(),
    version: String(version),
    expiresAt: Number(expires),
    ...(owner !== null && { owner: String(owner) }),
    ...(retired !== null && { retired: String(retired) }),
  };
}
