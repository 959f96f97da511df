import type { RedisClient } from "./client.js";
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
