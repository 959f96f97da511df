import type { ConnectionOptions } from "node:tls";
import type { RedisClient } from "./clients.js";

/** The options common to every form of configuration. */
export interface RedisCommonOptions {
  /** Prefix of every key; `sess:` by default. Managers with different prefixes never see each other's sessions. */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds within which an operation settles, connecting included: 1 to 9000, 2000 by default. Core gives up on a
   * provider after ten seconds.
   */
  readonly commandTimeout?: number | undefined;
  /**
   * How many replicas must have a logout, a regeneration or a new session before it counts as stored; off by default.
   * If they do not have it within `commandTimeout`, the operation rejects with `SESS_UNAVAILABLE`, and its outcome is
   * unknown.
   */
  readonly wait?: number | undefined;
}

/** A connection of the provider's own, closed with the Manager. An option set here overrides the same part of `url`. */
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

/** The types of `providerConfig`, besides a string. */
export type RedisConfig = RedisOptions | RedisClientOptions;
