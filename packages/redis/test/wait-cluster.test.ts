import { conformance } from "@sess/core/conformance";
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { decodeRecord } from "../src/record.js";
import { type PrivateCluster, startCluster } from "./cluster.js";
import { Clock, describeWithServer, newKey, newRecord } from "./support.js";

describeWithServer("wait: 1 in a cluster", () => {
  let cluster: PrivateCluster;
  let nodes: Redis[];
  const opened: (Cluster | Cluster5)[] = [];
  const clock = new Clock();
  beforeAll(async () => {
    cluster = await startCluster(1);
    nodes = cluster.nodes.map(({ port }) => new Redis({ port }));
    // A replica is listed with its slots from the first write on.
    for (const node of nodes.slice(0, 3)) await node.flushall();
  }, 180_000);
  afterAll(async () => {
    for (const client of [...opened, ...nodes]) client.disconnect();
    await cluster.stop();
  });
  const keep = <C extends Cluster | Cluster5>(client: C): C => {
    opened.push(client);
    return client;
  };

  conformance(test, {
    name: "cluster",
    open: ({ namespace, now }) => {
      const client = opened[0] ?? keep(new Cluster([...cluster.nodes]));
      return redis({ client, wait: 1, prefix: namespace }).connect({ now, contract: 1 });
    },
    serverClock: "redis removes what has expired by TTLs of its own clock",
  });

  const kinds: Record<string, () => Cluster | Cluster5> = {
    "ioredis 6": () => new Cluster([...cluster.nodes]),
    "ioredis 6, keyPrefix": () => new Cluster([...cluster.nodes], { keyPrefix: "app:" }),
    "ioredis 5, enableAutoPipelining": () => new Cluster5([...cluster.nodes], { enableAutoPipelining: true }),
  };

  describe.each(Object.entries(kinds))("%s", (_name, connect) => {
    test("a session whose slot is moving, and has moved, waits for the new master's replica", async () => {
      const client = keep(connect());
      const store = await redis({ client, wait: 1 }).connect(clock);
      const name = (key: string) => `${client.options.keyPrefix ?? ""}sess:${key}`;
      const [key, record, marker] = [newKey(), newRecord(clock.now()), newRecord(clock.now(), { retired: "" })];
      const slot = await keySlot(nodes, name(key));
      const { from, to, others } = await beginMove(nodes, slot);
      // The source has no such key, and sends everybody on for once: ASK.
      expect(await store.create(key, record)).toBe(true);
      expect(await to.master.cluster("COUNTKEYSINSLOT", slot)).toBe(1);
      for (const { master } of [to, from, ...others]) await master.cluster("SETSLOT", slot, "NODE", to.id);
      // Now for good, of which this client has not heard: MOVED.
      expect(await store.update(key, marker, record.version)).toEqual({ written: true });
      expect(decodeRecord(await readReplica(to.replica, name(key)))?.record.version).toBe(marker.version);
      await store.close();
    });
  });
});

type SlotRange = [first: number, last: number, ...nodes: [host: string, port: number, id: string][]];

async function keySlot(nodes: readonly Redis[], name: string): Promise<number> {
  return Number(await nodes[0]?.cluster("KEYSLOT", name));
}

/** Begins to move a slot, with nothing in it, from its master to another. */
async function beginMove(nodes: readonly Redis[], slot: number) {
  let ranges: SlotRange[];
  do ranges = ((await nodes[0]?.cluster("SLOTS")) ?? []) as unknown as SlotRange[];
  while (ranges.some((range) => range.length < 4));
  const shards = ranges.map(([first, last, master, replica]) => ({
    id: master?.[2] ?? "",
    master: at(nodes, master?.[1]),
    replica: at(nodes, replica?.[1]),
    owner: slot >= first && slot <= last,
  }));
  const from = shards.find(({ owner }) => owner);
  const to = shards.find(({ id }) => id !== from?.id);
  if (from === undefined || to === undefined) throw new Error("a slot that no master serves");
  await from.master.flushall();
  await to.master.cluster("SETSLOT", slot, "IMPORTING", from.id);
  await from.master.cluster("SETSLOT", slot, "MIGRATING", to.id);
  return { from, to, others: shards.filter((shard) => shard.id !== from.id && shard.id !== to.id) };
}

function at(nodes: readonly Redis[], port: number | undefined): Redis {
  const node = nodes.find(({ options }) => options.port === port);
  if (node === undefined) throw new Error("no such node");
  return node;
}

/** From when the replica has heard that the slot is its master's. */
async function readReplica(replica: Redis, name: string): Promise<string> {
  await replica.readonly();
  for (;;) {
    try {
      return (await replica.get(name)) ?? "";
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("MOVED"))) throw error;
    }
  }
}
