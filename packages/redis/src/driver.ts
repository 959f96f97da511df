import type { Script } from "./scripts.js";

/**
 * What the provider asks of a client, whichever it is. Answers are what the client makes of them, and are looked at
 * before they are believed; errors are the client's own.
 */
export interface Driver {
  /** What the client puts before every key, but not before the pattern of SCAN or the names that it returns. */
  readonly keyPrefix: string;
  get(key: string): Promise<unknown>;
  getrange(key: string, start: number, end: number): Promise<unknown>;
  /** Runs a script of one key, by its hash or by its text. */
  run(name: "evalsha" | "eval", script: string, key: string, args: readonly string[]): Promise<unknown>;
  /**
   * Runs a script of one key with WAIT behind it: on one connection, of a cluster that of the key's node, and without a
   * round trip of its own. `left` says how many milliseconds there are; the server stops waiting before that.
   *
   * Never sends WAIT over another connection than the script: one that has written nothing counts every replica.
   * Absent where the client cannot promise that.
   */
  runAndWait?(script: Script, key: string, args: readonly string[], wait: Wait): Promise<Replicated>;
  ping(): Promise<unknown>;
  info(section: string): Promise<unknown>;
  /** SCAN looks at one server: every master has to be asked. */
  masters(): Promise<readonly Scan[]>;
  /** Another connection like this one, for `wait`. Absent where the client has several anyway. */
  duplicate?(): Promise<Duplicate>;
}

/** One step of SCAN over the strings that match a pattern. */
export type Scan = (cursor: string, pattern: string, count: number) => Promise<unknown>;

/** How many replicas are waited for, and how many milliseconds there are. */
export interface Wait {
  readonly replicas: number;
  left(): number;
}

/** What a script answered, and how many replicas have what the connection wrote until then, or why that is unknown. */
export interface Replicated {
  readonly reply: unknown;
  readonly copies: unknown;
}

/** A connection that is ours to close. */
export interface Duplicate {
  readonly driver: Driver;
  close(): void;
}

/** A driver, and what this provider may do to its connection. */
export interface Link {
  readonly driver: Driver;
  /** Whether commands go out now. False while a connection of our own is down: then few may wait. */
  ready(): boolean;
  /** Why the connection is down, as far as we have seen; undefined while it is up. */
  failure(): unknown;
  /** To be called before each command: those of one turn of the event loop leave in one packet, where we may see to it. */
  gather(): void;
  /** The connection gives one command's answer to another: it must not be used any longer. */
  distrust(): void;
  /** Closes what we opened, within about a second; leaves the caller's client open. */
  close(): Promise<void>;
}

/** Milliseconds that the server may wait for replicas. */
export function patienceOf({ left }: Wait): number {
  return Math.max(1, Math.floor(left() * 0.9));
}
