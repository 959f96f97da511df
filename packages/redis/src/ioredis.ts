import { type Driver, patienceOf, type Replicated, type Scan, type Wait } from "./driver.js";
import { isForgotten } from "./evaluate.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/**
 * The part of ioredis 5 or 6 that this provider uses: `Redis` or `Cluster`. Only these methods are called. `call` is
 * never used, because it ends the process when the client has `enableAutoPipelining` (ioredis 5 and 6).
 */
export interface IoredisClient extends IoredisNode {
  get(key: string): Promise<string | null>;
  getrange(key: string, start: number, end: number): Promise<string>;
  evalsha(sha1: string, numkeys: number, ...args: string[]): Promise<unknown>;
  eval(script: string, numkeys: number, ...args: string[]): Promise<unknown>;
  ping(): Promise<string>;
  /** Of a `Cluster`. */
  nodes?(role: "master"): readonly IoredisNode[];
  /** Needed for `wait`, whose writes go over a connection of their own. */
  duplicate?(): IoredisDuplicate;
  readonly options?: IoredisNode["options"] & {
    readonly enableAutoPipelining?: boolean | undefined;
    readonly keyPrefix?: string | Buffer | undefined;
    readonly scaleReads?: unknown;
  };
}

/** The part of one server's client that this provider uses. */
export interface IoredisNode {
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
  /** Needed for `wait`, and for a `Cluster` with `enableAutoPipelining`. */
  pipeline?(commands: unknown[][]): {
    exec(): Promise<[error: Error | null, result: unknown][] | null>;
  };
  readonly options?: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
}

/** A client that we have to close. */
export interface IoredisDuplicate extends IoredisClient {
  on(event: "error", listener: () => void): unknown;
  disconnect(): void;
}

/** The driver for ioredis. */
export function ioredisDriver(client: IoredisClient): Driver {
  const waits = client.pipeline !== undefined && client.duplicate !== undefined;
  return {
    keyPrefix: client.options?.keyPrefix?.toString() ?? "",
    get: (key) => client.get(key),
    getrange: (key, start, end) => client.getrange(key, start, end),
    run: runnerOf(client),
    ...(waits && { runAndWait: (...call) => runAndWait(client, ...call) }),
    ping: () => client.ping(),
    info: (section) => client.info(section),
    masters: async () => (client.nodes === undefined ? [client] : client.nodes("master")).map(scanOf),
    duplicate: async () => duplicate(client),
  };
}

function scanOf(node: IoredisNode): Scan {
  return (cursor, pattern, count) => node.scan(cursor, "MATCH", pattern, "COUNT", count, "TYPE", "string");
}

function duplicate(client: IoredisClient) {
  const copy = client.duplicate?.();
  // `parseConfig` has checked that the client has this method.
  if (copy === undefined) throw new TypeError("the client cannot be duplicated");
  // The caller listens for errors on the original client only. Without a listener, ioredis prints every failure to
  // connect.
  copy.on("error", () => {});
  return { driver: ioredisDriver(copy), close: () => copy.disconnect() };
}

function runnerOf(client: IoredisClient): Driver["run"] {
  // With automatic pipelining, the Cluster of ioredis 5 takes the script's text for the key. It would send scripts of
  // different slots in one pipeline, which fails. A pipeline with a single command is routed by its key.
  const { pipeline } = client;
  if (pipeline === undefined || client.nodes === undefined || !client.options?.enableAutoPipelining) {
    return (name, script, key, args) => client[name](script, 1, key, ...args);
  }
  return async (name, script, key, args) => {
    const replies = await pipeline.call(client, [[name, script, 1, key, ...args]]).exec();
    const [error, reply] = replies?.[0] ?? [discarded(), undefined];
    if (error !== null) throw error;
    return reply;
  };
}

/** Maximum number of redirections on the way to the node that runs the script. */
const mostDetours = 4;

/** ioredis never sends the second command of a pipeline again without the first. */
async function runAndWait(
  client: IoredisClient,
  script: Script,
  key: string,
  args: readonly string[],
  wait: Wait,
): Promise<Replicated> {
  let target: IoredisNode = client;
  let before: unknown[][] = [];
  let run: unknown[] = ["evalsha", script.sha, 1, key, ...args];
  for (let detours = 0; ; detours++) {
    const waiting = ["wait", wait.replicas, patienceOf(wait)];
    const replies = await target.pipeline?.([...before, run, waiting]).exec();
    const [error, reply] = replies?.[before.length] ?? [discarded(), undefined];
    const [failure, copies] = replies?.[before.length + 1] ?? [null, undefined];
    if (error === null) return { reply, copies: failure ?? copies };
    const message = messageOf(error);
    if (detours === mostDetours) throw error;
    if (isForgotten(error)) run = ["eval", script.lua, ...run.slice(2)];
    // A plain command is redirected to the new node, and the client learns from it where the key is.
    else if (message.startsWith("MOVED") && target === client) await client.getrange(key, 0, 0);
    else if (message.startsWith("ASK") && target === client) {
      target = nodeAt(client, message.split(" ")[2]) ?? raise(error);
      before = [["asking"]];
      run = [...run.slice(0, 3), `${client.options?.keyPrefix ?? ""}${key}`, ...args];
    } else throw error;
  }
}

function nodeAt(client: IoredisClient, address: string | undefined): IoredisNode | undefined {
  return client.nodes?.("master").find(({ options }) => `${options?.host}:${options?.port}` === address);
}

function discarded(): Error {
  return new Error("the pipeline was discarded");
}

function raise(error: unknown): never {
  throw error;
}
