import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PrivateCluster, startCluster } from "../../packages/redis/test/cluster.js";
import { kinds } from "../../packages/redis/test/kinds.js";
import { type Pair, startPair } from "../../packages/redis/test/replicas.js";
import { type PrivateRedis, startRedis } from "../../packages/redis/test/server.js";
import { describeWithServer } from "../../packages/redis/test/support.js";
import { type Places, trials } from "./trials.js";

// ioredis has tests of its own in packages/redis, and Bun's client needs Bun: main.ts is for all of them.
const here = kinds.filter(({ name, runtime }) => runtime === undefined && !name.startsWith("ioredis"));

describeWithServer("a caller's client", () => {
  let server: PrivateRedis;
  let cluster: PrivateCluster;
  let pair: Pair;
  beforeAll(async () => {
    [server, cluster, pair] = await Promise.all([startRedis(), startCluster(), startPair()]);
  }, 180_000);
  afterAll(() => Promise.all([server.stop(), cluster.stop(), pair.stop()]));

  const places = (): Places => ({
    server: { host: "127.0.0.1", port: server.port },
    cluster: cluster.nodes[0] ?? { host: "127.0.0.1", port: 0 },
    master: { host: "127.0.0.1", port: pair.master.port },
    replica: { host: "127.0.0.1", port: pair.replica.port },
  });
  const hands = {
    pauseReplica: async () => pair.replica.pause(),
    resumeReplica: async () => pair.replica.resume(),
  };

  describe.each(here.map((kind) => [kind.name, kind] as const))("%s", (_name, kind) => {
    test.each(Object.keys(trials))("%s", { timeout: 180_000 }, async (trial) => {
      expect(await trials[trial]?.(kind, places(), hands)).not.toMatch(/^NO/);
    });
  });
});
