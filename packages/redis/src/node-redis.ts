import { type Driver, patienceOf, type Replicated, type Scan, type Wait } from "./driver.js";
import { isForgotten } from "./evaluate.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/** What is asked of node-redis 5 or 6. */
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

/** A client that is ours to close. */
export type NodeRedisDuplicate<C> = C & {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
};

/** Sends commands one behind the other over one connection, all or none of them: that of the key, in a cluster. */
type Pipeline = (key: string, commands: readonly string[][]) => Promise<unknown>;
/** The way that a node's refusal, by its message, sends the commands of a key; undefined where it is no such refusal. */
type Detour = (key: string, refusal: string) => Promise<Pipeline | undefined>;
type Send = (key: string | undefined, ...args: readonly (string | number)[]) => Promise<unknown>;

/** How to speak through node-redis. Reads go to masters, too: a replica is behind, and would show ended sessions. */
export function nodeRedisDriver(client: NodeRedisClient): Driver {
  if ("nodeClient" in client) return clusterDriver(client);
  if ("acquire" in client) {
    const send: Send = (_key, ...args) => client.sendCommand(false, args.map(String));
    return driver(send, async () => [scanBy(send)]);
  }
  const send: Send = (_key, ...args) => client.sendCommand(args.map(String));
  const base = driver(send, async () => [scanBy(send)], pipelineOf(client));
  // A pool has connections enough: WAIT holds up no more than the one that it goes over.
  if ("execute" in client || client.duplicate === undefined) return base;
  return { ...base, duplicate: () => copyOf(client.duplicate?.(), nodeRedisDriver) };
}

/** A cluster's client refuses commands until it is `connected`, where a client of one server lets them wait. */
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
    // node-redis 6 puts its keyPrefix before no command that is sent like this.
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

/** node-redis follows a slot that moves with plain commands, not with pipelines. */
function detourOf(cluster: NodeRedisCluster, send: Send, pipeline: Pipeline): Detour {
  return async (key, refusal) => {
    const [kind, , address] = refusal.split(" ");
    // From a plain command, which is led to the new node, the client learns where the key lives.
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

/** Most detours on the way to the node that runs the script. */
const mostDetours = 4;

/** node-redis discards what is left of a pipeline when the connection is lost; it rejects with the first error. */
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
  // Checked before this is called.
  if (copy === undefined) throw new TypeError("the client cannot be duplicated");
  // Without a listener a failure to connect ends the process; the caller listens to their own.
  copy.on("error", () => {});
  // Not waited for: whoever asks first has a time limit, and this has another.
  const connected = copy.connect();
  connected.catch(() => {});
  return { driver: driverOf(copy, connected), close: () => copy.destroy() };
}
