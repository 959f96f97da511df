import type { RedisClient, RedisNode } from "./client.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/**
 * Runs a script of one key, and resolves to its reply. Scripts are forgotten by a restart, by a failover and by SCRIPT
 * FLUSH; then EVAL carries the text and makes it known again. Rejects with the client's own errors.
 */
export async function evaluate(
  client: RedisClient,
  script: Script,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  const invoke = runnerOf(client);
  try {
    return await invoke("evalsha", script.sha, key, args);
  } catch (error) {
    if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
    return invoke("eval", script.lua, key, args);
  }
}

type Invoke = (name: "eval" | "evalsha", script: string, key: string, args: readonly string[]) => Promise<unknown>;

function runnerOf(client: RedisClient): Invoke {
  // The Cluster of ioredis 5, pipelining by itself, takes the script for the key: it would send scripts of different
  // slots in one pipeline, and fail. A pipeline of one command is routed by its key.
  const { pipeline } = client;
  if (pipeline === undefined || client.nodes === undefined || !client.options?.enableAutoPipelining) {
    return (name, script, key, args) => client[name](script, 1, key, ...args);
  }
  return async (name, script, key, args) => {
    const replies = await pipeline.call(client, [[name, script, 1, key, ...args]]).exec();
    const [error, reply] = replies?.[0] ?? [new Error("the pipeline was discarded"), undefined];
    if (error !== null) throw error;
    return reply;
  };
}

/** What a script answered, and how many replicas have what the connection wrote until then, or why that is unknown. */
export interface Replicated {
  readonly reply: unknown;
  readonly copies: unknown;
}

/** Most detours on the way to the node that runs the script. */
const mostDetours = 4;

/**
 * As {@link evaluate}, with WAIT behind the script: on the same connection, of a cluster that of the key's node, and
 * without a round trip of its own. `left` says how many milliseconds there are; the server stops waiting before that.
 *
 * ioredis never sends the second command of a pipeline again without the first: over a new connection, which has
 * written nothing, WAIT would count every replica.
 */
export async function evaluateAndWait(
  client: RedisClient,
  script: Script,
  key: string,
  args: readonly string[],
  replicas: number,
  left: () => number,
): Promise<Replicated> {
  let target: RedisNode = client;
  let before: unknown[][] = [];
  let run: unknown[] = ["evalsha", script.sha, 1, key, ...args];
  for (let detours = 0; ; detours++) {
    const wait = ["wait", replicas, Math.max(1, Math.floor(left() * 0.9))];
    const replies = await target.pipeline?.([...before, run, wait]).exec();
    const [error, reply] = replies?.[before.length] ?? [new Error("the pipeline was discarded"), undefined];
    const [failure, copies] = replies?.[before.length + 1] ?? [null, undefined];
    if (error === null) return { reply, copies: failure ?? copies };
    const message = messageOf(error);
    if (detours === mostDetours) throw error;
    if (message.startsWith("NOSCRIPT")) run = ["eval", script.lua, ...run.slice(2)];
    // A plain command is led to the new node, and from it the client learns where the key lives.
    else if (message.startsWith("MOVED") && target === client) await client.getrange(key, 0, 0);
    else if (message.startsWith("ASK") && target === client) {
      target = nodeAt(client, message.split(" ")[2]) ?? raise(error);
      before = [["asking"]];
      run = [...run.slice(0, 3), `${client.options?.keyPrefix ?? ""}${key}`, ...args];
    } else throw error;
  }
}

function nodeAt(client: RedisClient, address: string | undefined): RedisNode | undefined {
  return client.nodes?.("master").find(({ options }) => `${options?.host}:${options?.port}` === address);
}

function raise(error: unknown): never {
  throw error;
}
