import type { ConnectionOptions } from "node:tls";
import type { PostgresPool } from "./pool.js";

/** What every form of configuration has. */
export interface PostgresCommonOptions {
  /**
   * The table, `sessions` by default: a lowercase letter or `_`, then lowercase letters, digits and `_`, 63 in all at
   * most. Managers with different tables never see each other's sessions.
   */
  readonly table?: string | undefined;
  /** The PostgreSQL schema that holds the table, of the same characters; by default what `search_path` finds. */
  readonly schema?: string | undefined;
  /** Whether to create the table when it is not there: true by default. See `ddl` for what is created. */
  readonly createTable?: boolean | undefined;
  /**
   * Milliseconds in which an operation has settled, waiting for a connection and connecting included: 1 to 9000, 5000
   * by default. Core gives up on a provider after ten seconds.
   */
  readonly timeout?: number | undefined;
}

/** TLS by options of `node:tls`. Unless they say otherwise, the server's certificate must be valid and name the host. */
export type PostgresTls = Pick<
  ConnectionOptions,
  | "ca"
  | "cert"
  | "key"
  | "passphrase"
  | "ciphers"
  | "minVersion"
  | "maxVersion"
  | "rejectUnauthorized"
  | "checkServerIdentity"
>;

/** A pool of this provider's own, closed with the Manager. What is set here wins over the same part of `url`. */
export interface PostgresOptions extends PostgresCommonOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`, or with `postgresql:`. */
  readonly url?: string | undefined;
  /** Host name, address, or the directory of a Unix socket; without it `PGHOST`, or `localhost`. */
  readonly host?: string | undefined;
  /** Without it `PGPORT`, or 5432. */
  readonly port?: number | undefined;
  /** Without it `PGUSER`, or the name of the system's user. */
  readonly user?: string | undefined;
  /** Without it `PGPASSWORD`. */
  readonly password?: string | undefined;
  /** Without it `PGDATABASE`, or the user's name. */
  readonly database?: string | undefined;
  /** True, or options; off by default. Where it is on there is no fallback to a connection in the clear. */
  readonly tls?: boolean | PostgresTls | undefined;
  /** Most connections at a time: 1 to 1000, 10 by default. */
  readonly poolSize?: number | undefined;
  /**
   * Whether to prepare each statement once on each connection: false by default, since a pooler in transaction mode
   * loses them (PgBouncer before 1.21, or without `max_prepared_statements`).
   */
  readonly prepare?: boolean | undefined;
}

/** The caller's own pool. It stays open when the Manager closes. */
export interface PostgresPoolOptions extends PostgresCommonOptions {
  readonly pool: PostgresPool;
}

/** What `providerConfig` may be, besides a string. */
export type PostgresConfig = PostgresOptions | PostgresPoolOptions;
