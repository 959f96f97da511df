import { Redis } from "ioredis";

// For torture/failover-redis, which has no client of its own.
export { Cluster, Redis } from "ioredis";

import { type PrivateRedis, startRedis } from "./server.js";

/** What a server that others replicate needs, so that a replica is in sync at once. */
export const promptly = ["--repl-diskless-sync-delay", "0"] as const;

/** A master with one replica. */
export interface Pair {
  readonly master: PrivateRedis;
  readonly replica: PrivateRedis;
  stop(): Promise<void>;
}

/** Starts a master and its replica; resolves when the replica is in sync. */
export async function startPair(): Promise<Pair> {
  const master = await startRedis(...promptly);
  const replica = await startRedis(...promptly, "--replicaof", "127.0.0.1", String(master.port));
  await inSync(replica.port);
  // The master counts it from its first acknowledgement, up to a second later.
  await until(master.port, "followed", 20_000, async (client) => (await client.wait(1, 1000)) === 1);
  return {
    master,
    replica,
    stop: async () => {
      await Promise.all([replica.stop(), master.stop()]);
    },
  };
}

/** Resolves when the server is a replica that has all of its master's data; rejects after `patience` milliseconds. */
export function inSync(port: number, patience = 20_000): Promise<void> {
  return until(port, "a replica in sync", patience, async (client) => {
    const info = await client.info("replication");
    return info.includes("role:slave") && info.includes("master_link_status:up");
  });
}

/** Asks a server every 10 ms, until the answer is true; rejects after `patience` milliseconds. */
export async function until(
  port: number,
  what: string,
  patience: number,
  holds: (client: Redis) => Promise<boolean>,
): Promise<void> {
  const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on("error", () => {});
  try {
    const begun = performance.now();
    while (!(await holds(client).catch(() => false))) {
      if (performance.now() - begun > patience) throw new Error(`port ${port} is not ${what} after ${patience} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    client.disconnect();
  }
}
