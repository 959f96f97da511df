import { type Provider, SessionError, type SessionRecord, type StoreConnector } from "@sess/core";
import { Pool, type QueryResultRow } from "pg";

export interface NetworkedConfig {
  /** As in `postgres://user:password@host:5432/database`. */
  readonly url: string;
  /** Lowercase letters, digits and `_`, starting with a letter, 50 at most; "sessions" by default. */
  readonly table?: string;
}

/** Throws a `SessionError` with `SESS_CONFIG`. */
export function networked(config?: NetworkedConfig | string): StoreConnector {
  const { url, table = "sessions" } = typeof config === "object" ? config : { url: config };
  if (typeof url !== "string" || url === "") throw new SessionError("SESS_CONFIG", "networked: url must be a URL");
  if (!/^[a-z][a-z0-9_]{0,49}$/.test(table)) throw new SessionError("SESS_CONFIG", "networked: table is no name");
  return { kind: "store", name: "networked", connect: ({ now }) => connect(url, table, now) };
}

// Milliseconds: for a connection, which may have to be waited for, and for its answer. Together less than core's ten
// seconds.
const patience = { connectionTimeoutMillis: 4000, query_timeout: 4000 };

async function connect(url: string, table: string, now: () => number): Promise<Provider> {
  const pool = new Pool({ connectionString: url, keepAlive: true, ...patience });
  // A connection that breaks while it is idle is an event, and without a listener the end of the process.
  pool.on("error", () => {});
  try {
    await pool.query(schemaOf(table));
    return open(pool, table, now);
  } catch (cause) {
    await end(pool);
    throw new SessionError("SESS_UNAVAILABLE", "networked: the table cannot be reached", { cause });
  }
}

// One query without values is one transaction, and its lock lasts as long: IF NOT EXISTS alone fails where several
// processes start at the same time. `data` is bytea: a text holds no NUL. `expires` keeps fractions of milliseconds.
const schemaOf = (table: string) => `SELECT pg_advisory_xact_lock(hashtext('sess-networked'));
  CREATE TABLE IF NOT EXISTS ${table} (key text COLLATE "C" PRIMARY KEY, version text COLLATE "C" NOT NULL,
    expires double precision NOT NULL, owner text COLLATE "C", retired text COLLATE "C", data bytea NOT NULL);
  CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires);
  CREATE INDEX IF NOT EXISTS ${table}_owner ON ${table} (owner) WHERE owner IS NOT NULL`;

function open(pool: Pool, table: string, now: () => number): Provider {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  async function run(sql: string, ...values: unknown[]): Promise<QueryResultRow[]> {
    if (closing !== undefined) throw new SessionError("SESS_CLOSED", "networked: the provider was closed");
    // The pool takes a connection back whatever became of the query, and closes one whose query failed.
    const query = pool.query(sql, values);
    underWay.add(query);
    return (await query.finally(() => underWay.delete(query))).rows;
  }

  // Each page is a query of its own, in the order of the keys: a listing that is abandoned holds no connection.
  async function* pages(where: string, value: unknown): AsyncGenerator<string> {
    const sql = `SELECT key FROM ${table} WHERE ${where} AND key > $2 ORDER BY key LIMIT 500`;
    for (let last: string | undefined = ""; last !== undefined; ) {
      const keys: string[] = (await run(sql, value, last)).map(({ key }) => key);
      yield* keys;
      last = keys[499];
    }
  }

  const provider: Provider = {
    async read(key) {
      const [row] = await run(`SELECT * FROM ${table} WHERE key = $1 AND expires > $2`, key, now());
      return row && recordOf(row);
    },

    async create(key, record) {
      const sql = `INSERT INTO ${table} AS there (key, version, expires, owner, retired, data)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO UPDATE SET version = excluded.version,
        expires = excluded.expires, owner = excluded.owner, retired = excluded.retired, data = excluded.data
        WHERE there.expires <= $7 RETURNING 1`;
      return (await run(sql, key, ...columnsOf(record), now())).length === 1;
    },

    async update(key, record, expected) {
      const expires = record.retired === undefined ? "greatest(expires, $3)" : "$3";
      const sql = `UPDATE ${table} SET version = $2, expires = ${expires}, owner = $4, retired = $5, data = $6
        WHERE key = $1 AND version = $7 AND expires > $8 RETURNING 1`;
      const [row] = await run(sql, key, ...columnsOf(record), expected, now());
      return row ? { written: true } : { written: false, current: await provider.read(key) };
    },

    async touch(key, expiresAt, expected) {
      const sql = `UPDATE ${table} SET expires = greatest(expires, $2)
        WHERE key = $1 AND version = $3 AND retired IS NULL AND expires > $4 RETURNING 1`;
      return (await run(sql, key, expiresAt, expected, now())).length === 1;
    },

    async count() {
      const sql = `SELECT count(*) AS sessions FROM ${table} WHERE retired IS NULL AND expires > $1`;
      return Number((await run(sql, now()))[0]?.sessions);
    },

    async gc() {
      // The condition stands twice. A row that somebody replaces between the two is looked at again, by the outer one.
      const expired = `SELECT key FROM ${table} WHERE expires <= $1 LIMIT 500 FOR UPDATE SKIP LOCKED`;
      const sql = `DELETE FROM ${table} WHERE expires <= $1 AND key = ANY(ARRAY(${expired})) RETURNING 1`;
      const until = now() - 60_000;
      for (let removed = 0; ; ) {
        const batch = (await run(sql, until)).length;
        removed += batch;
        if (batch < 500) return removed;
      }
    },

    close() {
      closing ??= Promise.allSettled(underWay).then(() => end(pool));
      return closing;
    },

    keys: () => pages("retired IS NULL AND expires > $1", now()),
    keysOf: (owner) => pages("owner = $1", owner),
  };
  return provider;
}

/** A server that does not answer says no goodbye either: then a second is enough. */
async function end(pool: Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([pool.end(), enough]);
  clearTimeout(timer);
}

/** In the order of the table, without the key. */
function columnsOf({ version, expiresAt, owner, retired, data }: SessionRecord) {
  return [version, expiresAt, owner ?? null, retired ?? null, Buffer.from(data)] as const;
}

function recordOf({ version, expires, owner, retired, data }: QueryResultRow): SessionRecord {
  return {
    data: data.toString(),
    version,
    expiresAt: expires,
    ...(owner !== null && { owner }),
    ...(retired !== null && { retired }),
  };
}
