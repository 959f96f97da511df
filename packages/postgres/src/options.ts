import type { ConnectionOptions } from "node:tls";
import type { PostgresPool } from "./pool.js";

/** The options common to every form of configuration. */
export interface PostgresCommonOptions {
  /**
   * The table, `sessions` by default. A name starts with a lowercase letter or `_`, continues with lowercase letters,
   * digits and `_`, and has at most 63 characters. Managers with different tables never see each other's sessions.
   */
  readonly table?: string | undefined;
  /** The PostgreSQL schema that holds the table; the same characters are allowed. By default `search_path` decides. */
  readonly schema?: string | undefined;
  /** Whether to create a missing table: true by default. See `ddl` for what is created. */
  readonly createTable?: boolean | undefined;
  /**
   * Milliseconds within which an operation settles, waiting for a connection and connecting included: 1 to 9000, 5000
   * by default. Core gives up on a provider after ten seconds.
   */
  readonly timeout?: number | undefined;
}

/** TLS, by options of `node:tls`. By default the server's certificate must be valid and name the host. */
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

/** A pool of the provider's own, closed with the Manager. An option set here overrides the same part of `url`. */
export interface PostgresOptions extends PostgresCommonOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`, or with `postgresql:`. */
  readonly url?: string | undefined;
  /** Host name, address, or the directory of a Unix socket. Default: `PGHOST`, or `localhost`. */
  readonly host?: string | undefined;
  /** Default: `PGPORT`, or 5432. */
  readonly port?: number | undefined;
  /** Default: `PGUSER`, or the name of the system's user. */
  readonly user?: string | undefined;
  /** Default: `PGPASSWORD`. */
  readonly password?: string | undefined;
  /** Default: `PGDATABASE`, or the user's name. */
  readonly database?: string | undefined;
  /** True, or TLS options; off by default. When it is on, there is no fallback to an unencrypted connection. */
  readonly tls?: boolean | PostgresTls | undefined;
  /** Maximum number of connections: 1 to 1000, 10 by default. */
  readonly poolSize?: number | undefined;
  /**
   * Whether each connection prepares the statements about one key: true by default. Nothing is prepared where a pooler
   * refuses the setting `enable_seqscan`, with which connections then begin, and no more where it loses a prepared
   * statement.
   */
  readonly prepare?: boolean | undefined;
}

/** The caller's own pool. It stays open when the Manager closes. */
export interface PostgresPoolOptions extends PostgresCommonOptions {
  readonly pool: PostgresPool;
}

/** The types of `providerConfig`, besides a string. */
export type PostgresConfig = PostgresOptions | PostgresPoolOptions;
