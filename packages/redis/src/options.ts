import type { ConnectionOptions } from "node:tls";
import type { RedisClient } from "./clients.js";

/** What every form of configuration has. */
export interface RedisCommonOptions {
  /** Put before every key; `sess:` by default. Managers with different prefixes never see each other's sessions. */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds in which an operation has settled, connecting included: 1 to 9000, 2000 by default. Core gives up on
   * a provider after ten seconds.
   */
  readonly commandTimeout?: number | undefined;
  /**
   * How many replicas must have a logout, a regeneration or a new session before it counts as stored; off by default.
   * Where they do not within `commandTimeout` it is `SESS_UNAVAILABLE`, and whether it is stored is unknown.
   */
  readonly wait?: number | undefined;
}

/** A connection of this provider's own, closed with the Manager. What is set here wins over the same part of `url`. */
export interface RedisOptions extends RedisCommonOptions {
  /** `redis://user:password@host:port/db`, or `rediss://` for TLS. Parts are percent-encoded. */
  readonly url?: string | undefined;
  /** Host name or address; `127.0.0.1` by default. */
  readonly host?: string | undefined;
  /** 6379 by default. */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Number of the database; 0 by default. */
  readonly db?: number | undefined;
  /** True, or options of `node:tls`; off by default except for `rediss://`. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** A Unix socket, in place of `url`, `host` and `port`. */
  readonly path?: string | undefined;
}

/** The caller's own client, of one of the kinds of {@link RedisClient}. It stays open when the Manager closes. */
export interface RedisClientOptions extends RedisCommonOptions {
  readonly client: RedisClient;
}

/** What `providerConfig` may be, besides a string. */
export type RedisConfig = RedisOptions | RedisClientOptions;
