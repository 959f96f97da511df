import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { conformance } from "@sess/core/conformance";
import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { type PrivateCluster, startCluster } from "./cluster.js";
import { type Pair, startPair, until } from "./replicas.js";
import { all, Clock, describeWithServer, newKey, newRecord, patient } from "./support.js";

const readme = await readFile(join(import.meta.dirname, "..", "README.md"), "utf8");
/** What the README grants, and to whom a cluster is open in addition. */
const rules = ruleOf(/^ACL SETUSER sess on >password (.+)$/m);
const clusterRules = ruleOf(/^ACL SETUSER sess (\+cluster.+)$/m);
const serverClock = "redis removes what has expired by TTLs of its own clock";

describeWithServer("a user with the rights that the README names, on one server", () => {
  let pair: Pair;
  let admin: Redis;
  beforeAll(async () => {
    pair = await startPair();
    admin = new Redis(pair.master.url);
    await admin.acl("SETUSER", "sess", "on", ">password", ...rules);
  }, 150_000);
  afterAll(async () => {
    admin.disconnect();
    await pair.stop();
  });
  const user = () => ({ url: pair.master.url, username: "sess", password: "password", wait: 1 });

  conformance(test, {
    name: "its kit",
    // The pattern of the keys is the README's, too.
    open: ({ namespace, now }) =>
      redis({ ...user(), prefix: `sess:${namespace}`, commandTimeout: patient }).connect({ now, contract: 1 }),
    serverClock,
  });

  test("was denied nothing in all that", async () => {
    expect(await denied([admin])).toEqual([]);
  });

  test("uses each of them", async () => {
    await admin.script("FLUSH");
    await admin.config("RESETSTAT");
    const clock = new Clock();
    const store = await redis(user()).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now(), { owner: newKey() })];
    await store.create(key, record);
    await store.touch(key, record.expiresAt + 1, record.version);
    await store.update(key, newRecord(clock.now()), record.version);
    expect(await store.read(key)).toBeDefined();
    expect(await store.count()).toBeGreaterThan(0);
    expect(await all(store.keysOf?.(record.owner ?? ""))).toEqual([key]);
    await store.close();
    expect(await denied([admin])).toEqual([]);
    const used = (await usedOn(admin)).filter((name) => !/^(acl|hello|config|info|replconf)/.test(name));
    expect(new Set(used)).toEqual(new Set(granted(rules).filter((name) => name !== "info")));
  });
});

describeWithServer("a user with the rights that the README names, in a cluster", () => {
  let cluster: PrivateCluster;
  let nodes: Redis[];
  let client: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(1);
    nodes = cluster.nodes.map(({ port }) => new Redis({ port }));
    for (const node of nodes) {
      await node.acl("SETUSER", "sess", "on", ">password", ...rules);
      await node.acl("SETUSER", "sess", ...clusterRules);
    }
    client = connect();
    client.on("error", () => {});
  }, 180_000);
  afterAll(async () => {
    for (const each of [client, ...nodes]) each.disconnect();
    await cluster.stop();
  });
  const connect = () =>
    new Cluster([...cluster.nodes], {
      redisOptions: { username: "sess", password: "password", disableClientInfo: true },
    });

  conformance(test, {
    name: "its kit",
    open: ({ namespace, now }) =>
      redis({ client, wait: 1, prefix: `sess:${namespace}`, commandTimeout: patient }).connect({ now, contract: 1 }),
    serverClock,
  });

  test("was denied nothing in all that", async () => {
    expect(await denied(nodes)).toEqual([]);
  });

  test("follows a slot on the move, and a replica that has become the master", async () => {
    const clock = new Clock();
    const store = await redis({ client }).connect(clock);
    const [source, target] = [nodes[0], nodes[1]];
    const key = await keyOn(source, target);
    expect(await store.create(key, newRecord(clock.now()))).toBe(true);
    const replica = nodes.slice(3).find((node) => node.options.port === portOfReplica);
    await replica?.cluster("FAILOVER");
    await until(portOfReplica, "a master", 20_000, async (node) => (await node.role())[0] === "master");
    // ioredis learns of it bit by bit, as it looks at the slots again.
    const missing = async () => {
      await store.create(newKey(), newRecord(clock.now()));
      const used = new Set((await Promise.all(nodes.map(usedOn))).flat());
      // That one it sends to a new master only after its next look at all the slots.
      return granted(clusterRules).filter((name) => name !== "readwrite" && !used.has(name));
    };
    await expect.poll(missing, { timeout: 15_000 }).toEqual([]);
    expect(await denied(nodes)).toEqual([]);
    await store.close();
  });

  let portOfReplica = 0;
  /** A key in a slot that has begun to move from one node to another. */
  async function keyOn(source: Redis | undefined, target: Redis | undefined): Promise<string> {
    const [sourceId, targetId] = [String(await source?.cluster("MYID")), String(await target?.cluster("MYID"))];
    const lines = String(await source?.cluster("NODES")).split("\n");
    const own = /(\d+)-(\d+)$/.exec(lines.find((line) => line.startsWith(sourceId)) ?? "");
    const behind = lines.find((line) => line.includes(`slave ${targetId}`)) ?? "";
    portOfReplica = Number(/:(\d+)@/.exec(behind)?.[1]);
    for (;;) {
      const key = newKey();
      const slot = Number(await source?.cluster("KEYSLOT", `sess:${key}`));
      if (slot < Number(own?.[1]) || slot > Number(own?.[2])) continue;
      await target?.cluster("SETSLOT", slot, "IMPORTING", sourceId);
      await source?.cluster("SETSLOT", slot, "MIGRATING", targetId);
      return key;
    }
  }
});

function ruleOf(line: RegExp): string[] {
  const found = line.exec(readme)?.[1];
  if (found === undefined) throw new Error(`the README does not say ${line}`);
  return found.split(" ");
}

function granted(all: readonly string[]): string[] {
  return all.flatMap((rule) => (rule.startsWith("+") ? [rule.slice(1)] : []));
}

/** The commands that a server has carried out since its statistics were reset. */
async function usedOn(node: Redis): Promise<string[]> {
  return [...(await node.info("commandstats")).matchAll(/^cmdstat_([\w|]+):calls=/gm)].map(([, name]) => name ?? "");
}

/** What was denied on any of the servers. */
async function denied(nodes: readonly Redis[]): Promise<unknown[]> {
  const logs = await Promise.all(nodes.map((node) => node.acl("LOG")));
  return logs.flat().map((entry) => (entry as unknown[])[7]);
}
