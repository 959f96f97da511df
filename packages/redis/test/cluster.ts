import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type PrivateRedis, startRedis } from "./server.js";

const run = promisify(execFile);

/** A cluster of three masters on this machine. */
export interface PrivateCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}

/** Starts a cluster, with no replicas; resolves when every node serves every slot. */
export async function startCluster(): Promise<PrivateCluster> {
  const servers = await Promise.all(Array.from({ length: 3 }, startNode));
  const nodes = servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-replicas", "0", "--cluster-yes"]);
  await Promise.all(nodes.map(({ port }) => serving(port)));
  return {
    nodes,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

function startNode(): Promise<PrivateRedis> {
  return startRedis(
    "--cluster-enabled",
    "yes",
    "--cluster-config-file",
    "nodes.conf",
    "--cluster-node-timeout",
    "2000",
  );
}

async function serving(port: number): Promise<void> {
  for (let attempts = 0; attempts < 200; attempts++) {
    const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"]);
    if (stdout.includes("cluster_state:ok") && stdout.includes("cluster_known_nodes:3")) return;
  }
  throw new Error("the cluster did not come up");
}
