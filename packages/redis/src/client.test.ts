import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5";
import { expect, test } from "vitest";
import type { RedisClient } from "./client.js";
import { redis } from "./provider.js";

// The compiler is the test: each client of ioredis 5 and 6 is accepted as it is.
const accept = (client: RedisClient) => redis({ client });

test.each([
  ["ioredis 6 Redis", () => new Redis({ lazyConnect: true })],
  ["ioredis 5 Redis", () => new Redis5({ lazyConnect: true })],
])("%s is accepted", (_name, open) => {
  expect(accept(open()).name).toBe("redis");
});

test("ioredis 6 and 5 Cluster are accepted", () => {
  const six = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  const five = new Cluster5([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  expect(accept(six).name).toBe("redis");
  expect(accept(five).name).toBe("redis");
});

test("a cluster that reads from replicas is refused, for they are behind", () => {
  const client = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true, scaleReads: "slave" });
  expect(() => redis({ client })).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
});

test("what is no ioredis client is refused by the name of the method that is missing", () => {
  const client: unknown = { get: () => {} };
  expect(() => redis({ client: client as RedisClient })).toThrow(/getrange/);
});

test("a client without what wait needs is refused by the name of the method, and else accepted", () => {
  const names = ["get", "getrange", "eval", "evalsha", "scan", "zscan", "info", "ping"];
  const client: unknown = Object.fromEntries(names.map((name) => [name, () => {}]));
  expect(() => redis({ client: client as RedisClient })).not.toThrow();
  const waiting = () => redis({ client: client as RedisClient, wait: 1 });
  expect(waiting).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
  expect(waiting).toThrow(/pipeline/);
});
