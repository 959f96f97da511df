/**
 * What is asked of a client that the caller brings: ioredis 5 or 6, its `Redis` or its `Cluster`. Only these methods
 * are used, and never `call`, which ends the process when the client has `enableAutoPipelining` (ioredis 5 and 6).
 */
export interface RedisClient extends RedisNode {
  get(key: string): Promise<string | null>;
  getrange(key: string, start: number, end: number): Promise<string>;
  evalsha(sha1: string, numkeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numkeys: number, ...args: string[]): Promise<unknown>;
  zscan(key: string, cursor: string, countToken: "COUNT", count: number): Promise<[cursor: string, elements: string[]]>;
  ping(): Promise<string>;
  /** Of a `Cluster`: SCAN looks at one node, so that every master has to be asked. */
  nodes?(role: "master"): readonly RedisNode[];
  /** Needed for `wait`, whose writes go over a connection of their own. */
  duplicate?(): RedisDuplicate;
  readonly options?: RedisNode["options"] & {
    readonly enableAutoPipelining?: boolean | undefined;
    /** What the client puts before every key, but not before the pattern of SCAN or the names that it returns. */
    readonly keyPrefix?: string | Buffer | undefined;
    readonly scaleReads?: unknown;
  };
}

/** What is asked of one server. */
export interface RedisNode {
  scan(
    cursor: string,
    patternToken: "MATCH",
    pattern: string,
    countToken: "COUNT",
    count: number,
    typeToken: "TYPE",
    type: string,
  ): Promise<[cursor: string, elements: string[]]>;
  info(section: string): Promise<string>;
  /** Needed for `wait`, and with a `Cluster` that has `enableAutoPipelining`: see evaluate.ts. */
  pipeline?(commands: unknown[][]): {
    exec(): Promise<[error: Error | null, result: unknown][] | null>;
  };
  readonly options?: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
}

/** A client that is ours to close. */
export interface RedisDuplicate extends RedisClient {
  on(event: "error", listener: () => void): unknown;
  disconnect(): void;
}

/** A client and what this provider may do to it. */
export interface Link {
  readonly client: RedisClient;
  /** Whether commands go out now. False while a connection of our own is down: then few may wait. */
  ready(): boolean;
  /** To be called before each command: those of one turn of the event loop leave in one packet, where we may see to it. */
  gather(): void;
  /** The connection gives one command's answer to another: it must not be used any longer. */
  distrust(): void;
  /** Closes what we opened, within about a second; leaves the caller's client open. */
  close(): Promise<void>;
}

/** The caller's client, which is theirs to watch, to reconnect and to close. */
export function borrow(client: RedisClient): Link {
  return { client, ready: () => true, gather: () => {}, distrust: () => {}, close: async () => {} };
}

/** Another connection like the caller's, for `wait`, and closed by us; see commands.ts. */
export function duplicate(client: RedisClient): Link {
  const copy = client.duplicate?.();
  // Checked with the configuration.
  if (copy === undefined) throw new TypeError("the client cannot be duplicated");
  // The caller listens to their own; without a listener ioredis prints every failure to connect.
  copy.on("error", () => {});
  return { ...borrow(copy), close: async () => copy.disconnect() };
}
