import type { ConnectionOptions } from "node:tls";
import type { MysqlPool } from "./pool.js";

/** The options common to every form of configuration. */
export interface MysqlCommonOptions {
  /**
   * The table, `sessions` by default. A name starts with a lowercase letter or `_`, continues with lowercase letters,
   * digits and `_`, and has at most 64 characters. Managers with different tables never see each other's sessions.
   */
  readonly table?: string | undefined;
  /** Whether to create a missing table: true by default. See `ddl` for what is created. */
  readonly createTable?: boolean | undefined;
  /**
   * Milliseconds within which an operation settles, waiting for a connection and connecting included: 1 to 9000, 5000
   * by default. Core gives up on a provider after ten seconds.
   */
  readonly timeout?: number | undefined;
}

/** TLS options of mysql2: these of `node:tls`, and whether the certificate must name the host. */
export interface MysqlTls
  extends Pick<
    ConnectionOptions,
    "ca" | "cert" | "key" | "passphrase" | "ciphers" | "minVersion" | "maxVersion" | "rejectUnauthorized"
  > {
  /** True by default, unless `rejectUnauthorized` is false. mysql2 can check names only, not IP addresses. */
  readonly verifyIdentity?: boolean | undefined;
}

/** A pool of the provider's own, closed with the Manager. An option set here overrides the same part of `dsn`. */
export interface MysqlOptions extends MysqlCommonOptions {
  /** A `mysql://` URL, or go-sql-driver's `[user[:password]@][net[(addr)]]/dbname[?param=value&...]`. */
  readonly dsn?: string | undefined;
  /** Host name or address; `127.0.0.1` by default. */
  readonly host?: string | undefined;
  /** 3306 by default. */
  readonly port?: number | undefined;
  /** A Unix socket, in place of `host` and `port`. */
  readonly socketPath?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  /** True, or TLS options; off by default. When it is on, there is no fallback to an unencrypted connection. */
  readonly tls?: boolean | MysqlTls | undefined;
  /** Maximum number of connections: 1 to 1000, 10 by default. */
  readonly poolSize?: number | undefined;
}

/** The caller's own pool, of `mysql2/promise`. It stays open when the Manager closes. */
export interface MysqlPoolOptions extends MysqlCommonOptions {
  readonly pool: MysqlPool;
}

/** The types of `providerConfig`, besides a string. */
export type MysqlConfig = MysqlOptions | MysqlPoolOptions;
