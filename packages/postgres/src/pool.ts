/**
 * What is asked of a pool that the caller brings: `Pool` of `pg`, `Pool` of `@neondatabase/serverless`, and `PGlite` have
 * it. `text` is one statement with `$1`, `$2` and so on; `values` are strings, numbers or null. It must lead to the primary
 * server and commit each statement by itself. Type parsers of its own for text do not go together with this provider.
 */
export interface PostgresPool {
  query(text: string, values?: (string | number | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** What a statement may be given. */
export type Value = string | number | null;

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** A pool, and what this provider may do to it. */
export interface Link {
  /** Runs one statement; `until` is an instant of the monotonic clock by which it has settled. */
  query(text: string, values: readonly Value[], until: number): Promise<{ readonly rows: readonly unknown[] }>;
  /** An answer was not about what was asked for: no connection there is now may be used any longer. */
  distrust(): void;
  /** Closes what we opened; leaves the caller's pool open. */
  close(): Promise<void>;
}
