/** What a statement may be given. */
export type Value = string | number | Buffer | null;

/** What is asked of one connection of a pool. */
export interface MysqlConnection {
  /** Runs a prepared statement; `values` are strings, numbers, Buffers or null. */
  execute(
    options: {
      readonly sql: string;
      readonly rowsAsArray: boolean;
      readonly nestTables: false;
      readonly typeCast?: (field: unknown, next: () => unknown) => unknown;
    },
    values: (string | number | Buffer | null)[],
  ): Promise<[result: unknown, fields: unknown]>;
  /** Gives the connection back to the pool. */
  release(): void;
  /** Takes the connection out of the pool and closes it. */
  destroy(): void;
}

/**
 * What is asked of a pool that the caller brings: `createPool` of `mysql2/promise`, or `.promise()` of a pool of
 * `mysql2`. Its connections must be in autocommit mode and lead to the primary server. Whether it has the flag
 * FOUND_ROWS, a `typeCast`, `rowsAsArray` or `namedPlaceholders` of its own does not matter.
 */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
}

/** The connection itself: mysql2/promise wraps it anew each time that its pool gives it. */
export function coreOf(connection: MysqlConnection): object {
  const core: unknown = Reflect.get(connection, "connection");
  return typeof core === "object" && core !== null ? core : connection;
}

/** A pool and what this provider may do to it. */
export interface Link {
  readonly pool: MysqlPool;
  /** Most connections of it that may turn out dead one after the other. */
  readonly size: number;
  /** Runs a prepared statement. Rows come as arrays, values as mysql2 reads them by itself. */
  execute(connection: MysqlConnection, sql: string, values: Value[]): Promise<[result: unknown, fields: unknown]>;
  /** The connection must not be used any longer: it is lost, did not answer, or answers somebody else. */
  discard(connection: MysqlConnection): void;
  /** Closes what we opened, within about a second; leaves the caller's pool open. */
  close(): Promise<void>;
}

/** The caller's pool, which is theirs to watch and to close. */
export function borrow(pool: MysqlPool): Link {
  // Whatever the pool's own settings.
  const options = {
    rowsAsArray: true,
    nestTables: false,
    typeCast: (_: unknown, next: () => unknown) => next(),
  } as const;
  return {
    pool,
    size: 10,
    execute: (connection, sql, values) => connection.execute({ sql, ...options }, values),
    discard: (connection) => connection.destroy(),
    close: async () => {},
  };
}
