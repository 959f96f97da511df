import type { ConnectionOptions } from "node:tls";
import type { MysqlPool } from "./pool.js";

/** What every form of configuration has. */
export interface MysqlCommonOptions {
  /**
   * The table: a lowercase letter or `_`, then lowercase letters, digits and `_`, 64 in all at most; `sessions` by
   * default. Managers with different tables never see each other's sessions.
   */
  readonly table?: string | undefined;
  /** Whether to create the table when it is not there: true by default. See `ddl` for what is created. */
  readonly createTable?: boolean | undefined;
  /**
   * Milliseconds in which an operation has settled, waiting for a connection and connecting included: 1 to 9000, 5000
   * by default. Core gives up on a provider after ten seconds.
   */
  readonly timeout?: number | undefined;
}

/** TLS as mysql2 knows it: these options of `node:tls`, and whether the certificate must name the host. */
export interface MysqlTls
  extends Pick<
    ConnectionOptions,
    "ca" | "cert" | "key" | "passphrase" | "ciphers" | "minVersion" | "maxVersion" | "rejectUnauthorized"
  > {
  /** True by default, unless `rejectUnauthorized` is false. mysql2 can check names only, not IP addresses. */
  readonly verifyIdentity?: boolean | undefined;
}

/** A pool of this provider's own, closed with the Manager. What is set here wins over the same part of `dsn`. */
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
  /** True, or options; off by default. Where it is on there is no fallback to a connection in the clear. */
  readonly tls?: boolean | MysqlTls | undefined;
  /** Most connections at a time: 1 to 1000, 10 by default. */
  readonly poolSize?: number | undefined;
}

/** The caller's own pool, of `mysql2/promise`. It stays open when the Manager closes. */
export interface MysqlPoolOptions extends MysqlCommonOptions {
  readonly pool: MysqlPool;
}

/** What `providerConfig` may be, besides a string. */
export type MysqlConfig = MysqlOptions | MysqlPoolOptions;
