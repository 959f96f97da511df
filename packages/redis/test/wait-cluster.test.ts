import { conformance } from "@sess/core/conformance";
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { decodeRecord } from "../src/record.js";
import { type PrivateCluster, startCluster } from "./cluster.js";
import { kindOf, type Opened } from "./kinds.js";
import { Clock, describeWithServer, newKey, newRecord, patient } from "./support.js";

const nowhere = { host: "127.0.0.1", port: 0 };

describeWithServer("wait: 1 in a cluster", () => {
  let cluster: PrivateCluster;
  let nodes: Redis[];
  const opened: Opened[] = [];
  const clock = new Clock();
  beforeAll(async () => {
    cluster = await startCluster(1);
    nodes = cluster.nodes.map(({ port }) => new Redis({ port }));
    // A replica is listed with its slots from the first write on.
    for (const node of nodes.slice(0, 3)) await node.flushall();
  }, 180_000);
  afterAll(async () => {
    for (const node of nodes) node.disconnect();
    for (const { close } of opened) await close();
    await cluster.stop();
  });
  const keep = (each: Opened): Opened => {
    opened.push(each);
    return each;
  };
  const ioredis = async (client: Cluster | Cluster5): Promise<Opened> => ({ client, close: () => client.disconnect() });

  conformance(test, {
    name: "cluster",
    open: async ({ namespace, now }) => {
      const { client } = opened[0] ?? keep(await ioredis(new Cluster([...cluster.nodes])));
      return redis({ client, wait: 1, prefix: namespace, commandTimeout: patient }).connect({ now, contract: 1 });
    },
    serverClock: "redis removes what has expired by TTLs of its own clock",
  });

  const kinds: Record<string, () => Promise<Opened>> = {
    "ioredis 6": () => ioredis(new Cluster([...cluster.nodes])),
    "ioredis 6, keyPrefix": () => ioredis(new Cluster([...cluster.nodes], { keyPrefix: "app:" })),
    "ioredis 5, enableAutoPipelining": () => ioredis(new Cluster5([...cluster.nodes], { enableAutoPipelining: true })),
    "node-redis 6": () => kindOf("node-redis 6 createCluster").open(cluster.nodes[0] ?? nowhere),
    "node-redis 5": () => kindOf("node-redis 5 createCluster").open(cluster.nodes[0] ?? nowhere),
  };

  describe.each(Object.entries(kinds))("%s", (kind, connect) => {
    test("a session whose slot is moving, and has moved, waits for the new master's replica", async () => {
      const { client } = keep(await connect());
      const store = await redis({ client, wait: 1 }).connect(clock);
      const name = (key: string) => `${kind.endsWith("keyPrefix") ? "app:" : ""}sess:${key}`;
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
