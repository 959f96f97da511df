import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inSync, promptly } from "./replicas.js";
import { type PrivateRedis, startRedis } from "./server.js";

const run = promisify(execFile);

/** A cluster of three masters, and perhaps their replicas, on this machine. */
export interface PrivateCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** What is behind the masters hangs, and goes on. */
  pauseReplicas(): void;
  resumeReplicas(): void;
  /**
   * Has each node tell clients another port than its own, in the order of the nodes: of a way that leads to it. Resolves
   * when every node tells those.
   */
  announce(ports: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a cluster; resolves when every node serves every slot, and the replicas of each master are in sync. */
export async function startCluster(replicas = 0): Promise<PrivateCluster> {
  const servers = await Promise.all(Array.from({ length: 3 * (1 + replicas) }, startNode));
  const nodes = servers.map(({ port }) => ({ host: "127.0.0.1", port }));
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`);
  await run("redis-cli", [
    "--cluster",
    "create",
    ...addresses,
    "--cluster-replicas",
    String(replicas),
    "--cluster-yes",
  ]);
  await Promise.all(nodes.map(({ port }) => serving(port, nodes.length)));
  // redis-cli takes the masters from the beginning of the list.
  await Promise.all(nodes.slice(3).map(({ port }) => inSync(port)));
  return {
    nodes,
    pauseReplicas() {
      for (const server of servers.slice(3)) server.pause();
    },
    resumeReplicas() {
      for (const server of servers.slice(3)) server.resume();
    },
    announce: (ports) =>
      announce(
        nodes.map(({ port }) => port),
        ports,
      ),
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
    ...promptly,
  );
}

async function serving(port: number, nodes: number): Promise<void> {
  for (let attempts = 0; attempts < 200; attempts++) {
    const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"]);
    const { stdout: known } = await run("redis-cli", ["-p", String(port), "cluster", "nodes"]);
    const replicas = known.split("\n").filter((line) => /\bslave\b/.test(line)).length;
    const all = stdout.includes(`cluster_known_nodes:${nodes}`) && replicas === nodes - 3;
    if (stdout.includes("cluster_state:ok") && all) return;
  }
  throw new Error("the cluster did not come up");
}

async function announce(nodes: readonly number[], ports: readonly number[]): Promise<void> {
  const ask = async (port: number | undefined, ...args: string[]) => {
    const { stdout } = await run("redis-cli", ["-p", String(port), ...args]);
    return stdout;
  };
  for (const [at, port] of ports.entries())
    await ask(nodes[at], "config", "set", "cluster-announce-port", String(port));
  const told = async (node: number) => {
    const lines = (await ask(node, "cluster", "nodes")).trim().split("\n");
    return lines.every((line) => ports.includes(Number(/:(\d+)@/.exec(line)?.[1])));
  };
  const begun = performance.now();
  while (!(await Promise.all(nodes.map(told))).every((all) => all)) {
    if (performance.now() - begun > 20_000) throw new Error("the nodes do not tell each other's ports");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
