import { SessionError } from "@sess/core";
import { type BunRedisClient, bunDriver } from "./bun.js";
import type { Driver, Duplicate, Link } from "./driver.js";
import { type GlideClient, glideDriver } from "./glide.js";
import { type IoredisClient, ioredisDriver } from "./ioredis.js";
import { type NodeRedisClient, nodeRedisDriver } from "./node-redis.js";
import { watch } from "./watch.js";

/**
 * A caller's client, recognised by its methods: ioredis 5 or 6 (`Redis` or `Cluster`), node-redis 5 or 6
 * (`createClient`, `createClientPool`, `createCluster` or `createSentinel`), Bun's client, or one of the two clients of
 * Valkey GLIDE.
 */
export type RedisClient = IoredisClient | NodeRedisClient | BunRedisClient | GlideClient;

/**
 * The driver for a caller's client. Throws a `SessionError` with `SESS_CONFIG` when the client is of no known kind,
 * naming the methods it lacks, or cannot do what `wait` needs.
 */
export function driverOf(client: RedisClient, waits: boolean): Driver {
  const driver = recognise(client);
  if (waits && driver.runAndWait === undefined) {
    throw wrong(
      "wait needs a client of ioredis (with the methods pipeline and duplicate) or node-redis (with multi): " +
        "this one does not promise to send WAIT over the connection of the write before it",
    );
  }
  return driver;
}

function recognise(client: RedisClient): Driver {
  // ioredis has a sendCommand too, but with other parameters.
  if (has<IoredisClient>(client, "evalsha")) return ioredisDriver(complete(client, ioredisMethods, "ioredis"));
  if (has<NodeRedisClient>(client, "sendCommand")) return nodeRedisDriver(client);
  if (has<GlideClient>(client, "customCommand")) return glideDriver(client);
  if (has<BunRedisClient>(client, "send")) return bunDriver(client);
  throw wrong(
    "client is of no kind that is known here: it has no method evalsha (ioredis), sendCommand (node-redis), " +
      "send (Bun) or customCommand (Valkey GLIDE)",
  );
}

const ioredisMethods = ["get", "getrange", "eval", "evalsha", "scan", "info", "ping"] as const;

function complete<C extends object, M extends keyof C & string>(client: C, methods: readonly M[], kind: string): C {
  const missing = methods.filter((method) => typeof client[method] !== "function");
  if (missing.length > 0) throw wrong(`client looks like one of ${kind}, and has no method ${missing.join(", ")}`);
  return client;
}

function has<C extends object>(client: unknown, method: keyof C & string): client is C {
  return typeof client === "object" && client !== null && typeof Reflect.get(client, method) === "function";
}

/** The caller's client. The caller handles its errors, reconnects it and closes it. */
export function borrow(client: RedisClient, driver: Driver): Link {
  const { failure, stop } = watch(client);
  return { driver, failure, ready: () => true, gather: () => {}, distrust: () => {}, close: async () => stop() };
}

/**
 * The connection for `wait`: a copy of the caller's client that we close. A client with several connections is used
 * itself.
 */
export async function duplicate(client: RedisClient, driver: Driver): Promise<Link> {
  const link = borrow(client, driver);
  const copy: Duplicate | undefined = await driver.duplicate?.();
  if (copy === undefined) return link;
  return { ...link, driver: copy.driver, close: async () => copy.close() };
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `redis: ${message}`);
}
