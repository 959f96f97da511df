import { GlideClient, GlideClusterClient } from "@valkey/valkey-glide";
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import {
  createClient as createClient5,
  createClientPool as createClientPool5,
  createCluster as createCluster5,
  createSentinel as createSentinel5,
} from "redis5";
import { describe, expect, test } from "vitest";
import type { RedisClient } from "./clients.js";
import { redis } from "./provider.js";

// The compiler is the first test: each client is accepted as it is.
const accept = (client: RedisClient, wait?: number) => redis({ client, wait });
const nowhere = { host: "127.0.0.1", port: 1 };
const lazily = { lazyConnect: true };
const sentinel = { name: "sessions", sentinelRootNodes: [nowhere] };
const refused = expect.objectContaining({ code: "SESS_CONFIG" });
// As Bun types it; there is no Bun here.
const bun = { send: async (_command: string, _args: string[]): Promise<unknown> => null };

const waiting: Record<string, () => RedisClient> = {
  "ioredis 6 Redis": () => new Redis(lazily),
  "ioredis 6 Cluster": () => new Cluster([nowhere], lazily),
  "ioredis 5 Redis": () => new Redis5(lazily),
  "ioredis 5 Cluster": () => new Cluster5([nowhere], lazily),
  "node-redis 6": () => createClient(),
  "node-redis 6, RESP 2": () => createClient({ RESP: 2 }),
  "node-redis 6 pool": () => createClientPool(),
  "node-redis 6 cluster": () => createCluster({ rootNodes: [{ socket: nowhere }] }),
  "node-redis 5": () => createClient5(),
  "node-redis 5 pool": () => createClientPool5(),
  "node-redis 5 cluster": () => createCluster5({ rootNodes: [{ socket: nowhere }] }),
};
const notWaiting: Record<string, () => RedisClient> = {
  "node-redis 6 Sentinel": () => createSentinel(sentinel),
  "node-redis 5 Sentinel": () => createSentinel5(sentinel),
  "Valkey GLIDE": () => Object.create(GlideClient.prototype) as GlideClient,
  "Valkey GLIDE in a cluster": () => Object.create(GlideClusterClient.prototype) as GlideClusterClient,
  Bun: () => bun,
};

describe.each(Object.entries({ ...waiting, ...notWaiting }))("%s", (name, open) => {
  test("is accepted as it is", () => {
    expect(accept(open()).name).toBe("redis");
  });

  test(`is ${name in waiting ? "accepted" : "refused"} with wait`, () => {
    if (name in waiting) expect(accept(open(), 1).name).toBe("redis");
    else expect(() => accept(open(), 1)).toThrow(refused);
  });
});

test("a cluster that reads from replicas is refused, for they are behind", () => {
  const client = new Cluster([nowhere], { ...lazily, scaleReads: "slave" });
  expect(() => redis({ client })).toThrow(refused);
});

describe("a client of no kind that is known is refused by the names of the methods that it lacks", () => {
  const given = (client: unknown) => () => redis({ client: client as RedisClient });

  test.each([{ get: () => {} }, {}, null, undefined, "redis://h", 1, () => {}])("%o", (client) => {
    expect(given(client)).toThrow(refused);
    expect(given(client)).toThrow(/evalsha.*sendCommand.*send.*customCommand/);
  });

  test("what is nearly ioredis", () => {
    const client = { evalsha: () => {}, get: () => {}, scan: () => {}, info: () => {}, ping: () => {} };
    expect(given(client)).toThrow(refused);
    expect(given(client)).toThrow(/ioredis.*getrange, eval/);
  });

  test("what can do everything but wait", () => {
    const names = ["get", "getrange", "eval", "evalsha", "scan", "info", "ping"];
    const client: unknown = Object.fromEntries(names.map((name) => [name, () => {}]));
    expect(given(client)).not.toThrow();
    const waits = () => redis({ client: client as RedisClient, wait: 1 });
    expect(waits).toThrow(refused);
    expect(waits).toThrow(/pipeline/);
  });
});
