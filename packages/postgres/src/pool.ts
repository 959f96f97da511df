/**
 * The part of a caller's pool that this provider uses: `Pool` of `pg`, `Pool` of `@neondatabase/serverless` and
 * `PGlite` have it. `text` is one statement with `$1`, `$2` and so on; `values` are strings, numbers or null. The pool
 * must lead to the primary server and commit each statement by itself. It must not have type parsers of its own for
 * text.
 */
export interface PostgresPool {
  query(text: string, values?: (string | number | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** A parameter of a statement. */
export type Value = string | number | null;

/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** A pool, with the operations that this provider uses. */
export interface Link {
  /**
   * Runs one statement, which settles by `until`, an instant of the monotonic clock. One that `isFrequent` may be
   * prepared; the plan of another is made for the table as it is now.
   */
  query(
    text: string,
    values: readonly Value[],
    until: number,
    isFrequent: boolean,
  ): Promise<{ readonly rows: readonly unknown[] }>;
  /** To be called when an answer belongs to another statement: no present connection may be used again. */
  distrust(): void;
  /** Breaks off each connection of our own pool, also one that is being made, so that closing waits for none. */
  breakOff(): void;
  /** Closes our own pool; leaves a caller's pool open. */
  close(): Promise<void>;
}
