/**
 * The contract between core and a provider: types only, and this file imports nothing.
 *
 * A store provider is a versioned blob store with expiry. It never parses a session, never merges and makes no
 * policy. The idea is HTTP's own (RFC 9110, section 13.1): reading gives a body and an entity tag, {@link Provider.update}
 * is If-Match, {@link Provider.create} is If-None-Match.
 *
 * Words used below. A *live record* is one that has not expired, markers included. A *marker* is a record with
 * `retired`. A *session* is a live record that is not a marker.
 */

/** The record that a provider keeps under one key. */
export interface SessionRecord {
  /** Opaque to the provider: returned unchanged, unit for unit. Core never writes lone surrogates. */
  readonly data: string;
  /** Random, new with every batch that core writes. Compared for equality, never interpreted. */
  readonly version: string;
  /** Epoch milliseconds. From this instant on the record does not exist. */
  readonly expiresAt: number;
  /** Hash of whoever owns the session; indexed by providers that have {@link Provider.keysOf}. */
  readonly owner?: string;
  /** Present on a marker: the key of the session that replaced this one, or `""` when it was destroyed. */
  readonly retired?: string;
}

/** The answer to {@link Provider.update}: a refusal carries the live record that is there now. */
export type Update =
  | { readonly written: true }
  | { readonly written: false; readonly current: SessionRecord | undefined };

/**
 * A store, connected on behalf of one Manager. Only core calls these methods, and it calls them concurrently.
 *
 * Every key is 64 lowercase hexadecimal digits (a SHA-256): safe as a file name, a column or a part of a longer key.
 * Every method must settle within a time limit of the provider; core gives up on a call after ten seconds. A method
 * rejects only if the backend failed or refused (too large is a `SessionError` with `SESS_TOO_LARGE`). Core treats any
 * other rejection of a write as *outcome unknown* and may send exactly the same write again.
 *
 * The `now` of the {@link ProviderContext} decides whether a record exists. An expiry of the store itself only removes
 * records, at least a minute late.
 */
export interface Provider {
  /** The live record, markers included. `undefined` if it is missing, expired or torn; this is never a rejection. */
  read(key: string): Promise<SessionRecord | undefined>;

  /**
   * Stores the record if the key is free, and returns whether it did. The key of an expired record not yet collected is
   * free.
   */
  create(key: string, record: SessionRecord): Promise<boolean>;

  /**
   * Replaces the live record (marker or session) with the version `expected`, in one atomic step. Never creates. Keeps
   * the later of the two expiries, unless the new record is a marker, whose own expiry counts.
   */
  update(key: string, record: SessionRecord, expected: string): Promise<Update>;

  /**
   * If there is a session with the version `expected`: returns true, and its expiry becomes the later of its own and
   * `expiresAt`. Otherwise returns false. Never changes data or version, never touches a marker, never creates.
   */
  touch(key: string, expiresAt: number, expected: string): Promise<boolean>;

  /** The number of present sessions, without markers and expired records. */
  count(): Promise<number>;

  /** Removes records that expired a minute ago or more, in bounded batches; resolves to their number. */
  gc(): Promise<number>;

  /** Idempotent. Afterwards every other method rejects. */
  close(): Promise<void>;

  /**
   * Optional; implement it only if it saves round trips. As {@link read} for each of up to eight distinct keys, in
   * their order. Core calls it for a request that came with several ids; without it, core calls `read` for each.
   */
  readMany?(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]>;

  /** Optional; its presence is the capability. Yields every key that holds a session, and may yield more keys. */
  keys?(): AsyncIterable<string>;

  /**
   * Optional; its presence is the capability. Yields every key whose record, marker or session, had this owner
   * throughout the call. It may yield more keys, since core checks each. If the index is separate from the record, its
   * entry is written before the record, with the record's expiry, and removed only a minute after that expiry. A
   * missing record is no reason to remove it, since it may be about to be written.
   */
  keysOf?(owner: string): AsyncIterable<string>;

  /**
   * Optional. What an operator should know about the store and this connection to it; never about a session. Writes
   * nothing. What cannot be found out is a finding too. Called by hand (`sess doctor`), never for a request.
   */
  diagnose?(): Promise<readonly Finding[]>;
}

/** One thing that was looked at for an operator. Names no id, key, owner or value, and no password. */
export interface Finding {
  /** In a word, as `"eviction"`. */
  readonly subject: string;
  /** `"warning"`: it works, and somebody may be surprised. `"unknown"`: it could not be found out. */
  readonly state: "fine" | "warning" | "problem" | "unknown";
  /** What was found, and what to do about it. */
  readonly text: string;
}

/**
 * The other kind of provider: the record travels with the client, sealed, in the cookie, and there is no store. Core
 * checks whether the cookie has room for the token.
 */
export interface TokenProvider {
  /**
   * A record as a token of cookie characters (RFC 6265, section 4.1.1). Here, the record's version is the session's id:
   * the same in every token of a session until it gets a new id.
   */
  seal(record: SessionRecord): string;
  /**
   * `undefined` for a token that we did not seal for this cookie and namespace, that was altered, or that has expired.
   */
  open(token: string): SessionRecord | undefined;
  /** Idempotent. */
  close(): Promise<void>;
}

/** What core hands to a provider as it connects. */
export interface ProviderContext {
  /** The Manager's clock, epoch milliseconds. Only this clock decides whether a record exists. */
  readonly now: () => number;
  /** The version of this contract. It grows by optional methods only. */
  readonly contract: 1;
}

/** What core hands to a token provider: with it, what a token must be bound to. */
export interface TokenContext extends ProviderContext {
  readonly cookieName: string;
  readonly namespace: string;
}

export interface StoreConnector {
  readonly kind: "store";
  /** The provider's name, as in messages and events. */
  readonly name: string;
  /** The contract the provider was written for; absent is 1. Core refuses one that it does not offer. */
  readonly contract?: 1;
  /** Called once by each Manager. Rejects when the backend cannot be reached or its configuration is wrong. */
  connect(context: ProviderContext): Promise<Provider>;
}

export interface TokenConnector {
  readonly kind: "token";
  readonly name: string;
  readonly contract?: 1;
  /** Called once by each Manager. Rejects with `SESS_CONFIG` when the configuration is wrong. */
  connect(context: TokenContext): Promise<TokenProvider>;
}

/** What a provider's factory returns, and what `createManager` takes in place of a registered name. */
export type Connector = StoreConnector | TokenConnector;
