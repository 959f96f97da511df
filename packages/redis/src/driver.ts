import type { Script } from "./scripts.js";

/**
 * What the provider needs from a client of any kind. Answers come as the client returns them and are checked before
 * use; errors are the client's own.
 */
export interface Driver {
  /** The prefix that the client adds to every key, but not to the pattern of SCAN or to the names that it returns. */
  readonly keyPrefix: string;
  get(key: string): Promise<unknown>;
  getrange(key: string, start: number, end: number): Promise<unknown>;
  /** Runs a script of one key, by its hash or by its text. */
  run(name: "evalsha" | "eval", script: string, key: string, args: readonly string[]): Promise<unknown>;
  /**
   * Runs a script of one key, followed by WAIT on the same connection (in a cluster, that of the key's node), in one
   * round trip. `left` is the number of milliseconds left; the server stops waiting before that.
   *
   * WAIT must never be sent over another connection than the script: on a connection that has written nothing, every
   * replica counts. Absent when the client cannot promise this.
   */
  runAndWait?(script: Script, key: string, args: readonly string[], wait: Wait): Promise<Replicated>;
  ping(): Promise<unknown>;
  info(section: string): Promise<unknown>;
  /** One function for each master, since SCAN looks at one server only. */
  masters(): Promise<readonly Scan[]>;
  /** Opens another connection like this one, for `wait`. Absent when the client has several connections anyway. */
  duplicate?(): Promise<Duplicate>;
}

/** One step of SCAN over the strings that match a pattern. */
export type Scan = (cursor: string, pattern: string, count: number) => Promise<unknown>;

/** The number of replicas to wait for, and the number of milliseconds left. */
export interface Wait {
  readonly replicas: number;
  left(): number;
}

/**
 * The answer of a script, and how many replicas have what the connection has written so far, or why that is unknown.
 */
export interface Replicated {
  readonly reply: unknown;
  readonly copies: unknown;
}

/** A connection that we have to close. */
export interface Duplicate {
  readonly driver: Driver;
  close(): void;
}

/** A driver, with the operations on its connection that this provider uses. */
export interface Link {
  readonly driver: Driver;
  /** Whether commands are sent now. False while our own connection is down: only a limited number may wait then. */
  ready(): boolean;
  /** Why the connection is down, if known; undefined while it is up. */
  failure(): unknown;
  /**
   * To be called before each command. On our own connection, all commands of one turn of the event loop leave in one
   * packet.
   */
  gather(): void;
  /** To be called when an answer belongs to another command: the connection must not be used again. */
  distrust(): void;
  /** Closes our own connection within about a second; leaves a caller's client open. */
  close(): Promise<void>;
}

/** Milliseconds that the server may wait for replicas. */
export function patienceOf({ left }: Wait): number {
  return Math.max(1, Math.floor(left() * 0.9));
}
