import { type Driver, patienceOf, type Replicated, type Scan, type Wait } from "./driver.js";
import { isForgotten } from "./evaluate.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/** The part of node-redis 5 or 6 that this provider uses. */
export type NodeRedisClient = NodeRedisPlain | NodeRedisPool | NodeRedisCluster | NodeRedisSentinel;

/** Of `createClient`. */
export interface NodeRedisPlain {
  sendCommand(args: string[]): Promise<unknown>;
  /** Needed for `wait`. */
  multi?(): NodeRedisPipeline;
  /** Needed for `wait`, whose writes go over a connection of their own. */
  duplicate?(): NodeRedisDuplicate<NodeRedisPlain>;
}

/** Of `createClientPool`. */
export interface NodeRedisPool {
  sendCommand(args: string[]): Promise<unknown>;
  execute(task: (client: NodeRedisPlain) => unknown): Promise<unknown>;
  multi?(): NodeRedisPipeline;
}

/** Of `createCluster`. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  readonly masters: readonly unknown[];
  nodeClient(node: never): NodeRedisPlain | Promise<NodeRedisPlain>;
  multi?(): NodeRedisClusterPipeline;
  duplicate?(): NodeRedisDuplicate<NodeRedisCluster>;
}

/** Of `createSentinel`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  acquire(): unknown;
}

/** Commands that go out together. */
export interface NodeRedisPipeline {
  addCommand(args: string[]): unknown;
  execAsPipeline(): Promise<unknown>;
}

/** Commands that go to one node of a cluster together. */
export interface NodeRedisClusterPipeline {
  addCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): unknown;
  execAsPipeline(): Promise<unknown>;
}

/** A client that we have to close. */
export type NodeRedisDuplicate<C> = C & {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
};

/**
 * Sends commands in order over one connection, all or none of them. In a cluster, it is the connection to the key's
 * node.
 */
type Pipeline = (key: string, commands: readonly string[][]) => Promise<unknown>;
/**
 * Finds the pipeline to use after a node has refused the commands of a key with this message; undefined when the
 * refusal is of another kind.
 */
type Detour = (key: string, refusal: string) => Promise<Pipeline | undefined>;
type Send = (key: string | undefined, ...args: readonly (string | number)[]) => Promise<unknown>;

/** The driver for node-redis. Reads go to masters too: a replica lags behind and would return destroyed sessions. */
export function nodeRedisDriver(client: NodeRedisClient): Driver {
  if ("nodeClient" in client) return clusterDriver(client);
  if ("acquire" in client) {
    const send: Send = (_key, ...args) => client.sendCommand(false, args.map(String));
    return driver(send, async () => [scanBy(send)]);
  }
  const send: Send = (_key, ...args) => client.sendCommand(args.map(String));
  const base = driver(send, async () => [scanBy(send)], pipelineOf(client));
  // A pool has several connections, and WAIT delays only the one that it uses.
  if ("execute" in client || client.duplicate === undefined) return base;
  return { ...base, duplicate: () => copyOf(client.duplicate?.(), nodeRedisDriver) };
}

/** A cluster's client refuses commands until it is `connected`; a client of one server queues them. */
function clusterDriver(cluster: NodeRedisCluster, connected?: Promise<unknown>): Driver {
  const begin: Send = (key, ...args) => cluster.sendCommand(key, false, args.map(String));
  const send: Send = connected === undefined ? begin : (...args) => connected.then(() => begin(...args));
  const masters = async () => {
    const nodes = await Promise.all(cluster.masters.map((node) => cluster.nodeClient(node as never)));
    return nodes.map((node) => scanBy((_key, ...args) => node.sendCommand(args.map(String))));
  };
  const pipeline = clusterPipelineOf(cluster);
  const base = driver(send, masters, pipeline, pipeline && detourOf(cluster, send, pipeline));
  return cluster.duplicate === undefined
    ? base
    : { ...base, duplicate: () => copyOf(cluster.duplicate?.(), clusterDriver) };
}

function driver(send: Send, masters: Driver["masters"], pipeline?: Pipeline, detour?: Detour): Driver {
  return {
    // node-redis 6 does not add its keyPrefix to commands sent in this way.
    keyPrefix: "",
    get: (key) => send(key, "GET", key),
    getrange: (key, start, end) => send(key, "GETRANGE", key, start, end),
    run: (name, script, key, args) => send(key, name.toUpperCase(), script, 1, key, ...args),
    ...(pipeline && { runAndWait: (...call) => runAndWait(pipeline, detour, ...call) }),
    ping: () => send(undefined, "PING"),
    info: (section) => send(undefined, "INFO", section),
    masters,
  };
}

function scanBy(send: Send): Scan {
  return (cursor, pattern, count) =>
    send(undefined, "SCAN", cursor, "MATCH", pattern, "COUNT", count, "TYPE", "string");
}

function pipelineOf(client: NodeRedisPlain | NodeRedisPool): Pipeline | undefined {
  if (client.multi === undefined) return undefined;
  return (_key, commands) => {
    const pipeline = client.multi?.();
    for (const command of commands) pipeline?.addCommand([...command]);
    return Promise.resolve(pipeline?.execAsPipeline());
  };
}

function clusterPipelineOf(cluster: NodeRedisCluster): Pipeline | undefined {
  if (cluster.multi === undefined) return undefined;
  return (key, commands) => {
    const pipeline = cluster.multi?.();
    for (const command of commands) pipeline?.addCommand(key, false, [...command]);
    return Promise.resolve(pipeline?.execAsPipeline());
  };
}

/** When a slot moves, node-redis redirects plain commands but not pipelines. */
function detourOf(cluster: NodeRedisCluster, send: Send, pipeline: Pipeline): Detour {
  return async (key, refusal) => {
    const [kind, , address] = refusal.split(" ");
    // A plain command is redirected to the new node, and the client learns from it where the key is.
    if (kind === "MOVED") return send(key, "GETRANGE", key, 0, 0).then(() => pipeline);
    const node = cluster.masters.find((master) => Object(master).address === address);
    if (kind !== "ASK" || node === undefined) return undefined;
    const through = pipelineOf(await cluster.nodeClient(node as never));
    return async (_key, commands) => {
      const replies = await through?.(key, [["ASKING"], ...commands]);
      return Array.isArray(replies) ? replies.slice(1) : replies;
    };
  };
}

/** Maximum number of redirections on the way to the node that runs the script. */
const mostDetours = 4;

/** When the connection is lost, node-redis discards the rest of a pipeline. A pipeline rejects with its first error. */
async function runAndWait(
  pipeline: Pipeline,
  detour: Detour | undefined,
  script: Script,
  key: string,
  args: readonly string[],
  wait: Wait,
): Promise<Replicated> {
  let way: Pipeline | undefined = pipeline;
  let run = ["EVALSHA", script.sha, "1", key, ...args];
  for (let detours = 0; ; detours++) {
    try {
      const replies = await way(key, [run, ["WAIT", String(wait.replicas), String(patienceOf(wait))]]);
      const [reply, copies]: unknown[] = Array.isArray(replies) ? replies : [];
      return { reply, copies: typeof copies === "number" ? copies : Number(String(copies)) };
    } catch (error) {
      if (detours === mostDetours) throw error;
      if (isForgotten(error)) run = ["EVAL", script.lua, ...run.slice(2)];
      else way = await detour?.(key, messageOf(error));
      if (way === undefined) throw error;
    }
  }
}

async function copyOf<C extends NodeRedisClient>(
  copy: NodeRedisDuplicate<C> | undefined,
  driverOf: (copy: C, connected: Promise<unknown>) => Driver,
) {
  // `driverOf` has checked that the client has this method.
  if (copy === undefined) throw new TypeError("the client cannot be duplicated");
  // The caller listens for errors on the original client only. Without a listener, a failure to connect ends the
  // process.
  copy.on("error", () => {});
  // Not awaited: the first command has a time limit of its own, and so has connecting.
  const connected = copy.connect();
  connected.catch(() => {});
  return { driver: driverOf(copy, connected), close: () => copy.destroy() };
}
