/** A parameter of a statement. */
export type Value = string | number | Buffer | null;

/** The part of a pool's connection that this provider uses. */
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
 * The part of a caller's pool that this provider uses: `createPool` of `mysql2/promise`, or `.promise()` of a pool of
 * `mysql2`. Its connections must be in autocommit mode and lead to the primary server. Its own FOUND_ROWS, `typeCast`,
 * `rowsAsArray` and `namedPlaceholders` do not matter.
 */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
}

/** The underlying connection: the pool of mysql2/promise returns a new wrapper each time. */
export function coreOf(connection: MysqlConnection): object {
  const core: unknown = Reflect.get(connection, "connection");
  return typeof core === "object" && core !== null ? core : connection;
}

/** A pool, with the operations that this provider uses. */
export interface Link {
  readonly pool: MysqlPool;
  /** The number of its connections that may turn out to be dead, one after another. */
  readonly size: number;
  /** Runs a prepared statement. Rows are arrays, with values as mysql2 reads them by default. */
  execute(connection: MysqlConnection, sql: string, values: Value[]): Promise<[result: unknown, fields: unknown]>;
  /** To be called when the connection is lost, did not answer, or answered another statement: it is not used again. */
  discard(connection: MysqlConnection): void;
  /** Breaks off each connection of our own pool, also one that is being made, so that closing waits for none. */
  breakOff(): void;
  /** Closes our own pool within about a second; leaves a caller's pool open. */
  close(): Promise<void>;
}

/** The caller's pool. The caller handles its errors and closes it. */
export function borrow(pool: MysqlPool): Link {
  // These override the pool's own settings.
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
    breakOff: () => {},
    close: async () => {},
  };
}
