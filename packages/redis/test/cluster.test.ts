import { conformance } from "@sess/core/conformance";
import { Cluster } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { behaves } from "./behaviour.js";
import { type PrivateCluster, startCluster } from "./cluster.js";
import { all, Clock, describeWithServer, newKey, newRecord, patient } from "./support.js";

describeWithServer("Redis Cluster", () => {
  let cluster: PrivateCluster;
  const clients = new Map<string, Cluster | Cluster5>();
  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    for (const client of clients.values()) client.disconnect();
    await cluster.stop();
  });

  const nodes = () => [...cluster.nodes];
  const kinds: Record<string, () => Cluster | Cluster5> = {
    "ioredis 6": () => new Cluster(nodes()),
    "ioredis 6, keyPrefix": () => new Cluster(nodes(), { keyPrefix: "app:" }),
    "ioredis 6, enableAutoPipelining": () => new Cluster(nodes(), { enableAutoPipelining: true }),
    "ioredis 5": () => new Cluster5(nodes()),
    "ioredis 5, enableAutoPipelining": () => new Cluster5(nodes(), { enableAutoPipelining: true }),
  };

  for (const [name, make] of Object.entries(kinds)) {
    const client = () => {
      const known = clients.get(name) ?? make();
      clients.set(name, known);
      return known;
    };
    describe(name, () => {
      behaves((prefix, clock) => redis({ client: client(), prefix }).connect(clock));

      test("the owner's index lives on a slot of its own", async () => {
        const clock = new Clock();
        const store = await redis({ client: client() }).connect(clock);
        const owner = newKey();
        const keys = Array.from({ length: 30 }, newKey);
        for (const key of keys) await store.create(key, newRecord(clock.now(), { owner }));
        expect(new Set(await all(store.keysOf?.(owner)))).toEqual(new Set(keys));
      });
    });
  }

  conformance(test, {
    name: "cluster",
    open: ({ namespace, now }) => {
      const client = clients.get("ioredis 6") ?? new Cluster(nodes());
      clients.set("ioredis 6", client);
      return redis({ client, prefix: namespace, commandTimeout: patient }).connect({ now, contract: 1 });
    },
    serverClock: "redis removes what has expired by TTLs of its own clock",
  });
});
