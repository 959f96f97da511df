import type { ProviderContext, StoreConnector } from "@sess/core";
import { borrow, duplicate } from "./clients.js";
import { Commands, type Deadline } from "./commands.js";
import { type Borrowed, isSeedString, parseConfig, type Settings } from "./config.js";
import { diagnose, type Way } from "./diagnose.js";
import type { Link } from "./driver.js";
import { warnOfEviction } from "./eviction.js";
import type { RedisConfig } from "./options.js";
import { type Endpoint, openOwn } from "./own-client.js";
import { OwnerIndex } from "./owners.js";
import { RedisStore } from "./store.js";

export type { BunRedisClient } from "./bun.js";
export type { RedisClient } from "./clients.js";
export type { GlideClient, GlideRoute } from "./glide.js";
export type { IoredisClient, IoredisDuplicate, IoredisNode } from "./ioredis.js";
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisClusterPipeline,
  NodeRedisDuplicate,
  NodeRedisPipeline,
  NodeRedisPlain,
  NodeRedisPool,
  NodeRedisSentinel,
} from "./node-redis.js";
export type { RedisClientOptions, RedisCommonOptions, RedisConfig, RedisOptions } from "./options.js";

/**
 * Sessions in Redis. The configuration is typed options, `{ client }`, a `redis://` or `rediss://` URL, or beego's
 * string `addr,poolsize,password,dbnum,idle`. Without one, the provider connects to `127.0.0.1:6379`. Throws a
 * `SessionError` with `SESS_CONFIG` when the configuration is wrong; a wrong beego string is reported by connecting.
 *
 * Connecting rejects within `commandTimeout`. It rejects with `SESS_CONFIG` when the server refuses the credentials, or
 * when ioredis is needed and not installed; otherwise with `SESS_UNAVAILABLE`. It then leaves nothing open.
 */
export function redis(config?: RedisConfig | string): StoreConnector {
  if (isSeedString(config)) {
    const seed = async () => parseConfig((await import("./config-string.js")).parseAddressList(config));
    return { kind: "store", name: "redis", connect: async (context) => connect(await seed(), context) };
  }
  const settings = parseConfig(config);
  return { kind: "store", name: "redis", connect: (context) => connect(settings, context) };
}

async function connect(
  { target, prefix, commandTimeout, wait }: Settings,
  context: ProviderContext,
): Promise<RedisStore> {
  const until = performance.now() + commandTimeout;
  const link: Link = isBorrowed(target) ? borrow(target.client, target.driver) : await openOwn(target, commandTimeout);
  const commands = new Commands(link, commandTimeout);
  let replicated = commands;
  const now = () => context.now();
  try {
    await commands.send((driver) => driver.ping(), until);
    if (wait !== undefined) replicated = await openReplicated(target, commandTimeout, wait, until);
  } catch (error) {
    // Closes the link and not `commands`, whose `close` waits for pending commands: connecting has one time limit.
    await link.close();
    throw error;
  }
  await warnOfEviction(commands, until);
  const look = () => diagnose(commands, wayTo(target), now);
  return new RedisStore(commands, replicated, new OwnerIndex(commands, now, prefix), now, prefix, look);
}

/**
 * Opens the second connection, for commands that wait for replicas. The number of replicas is not checked here, because
 * it changes over time.
 */
async function openReplicated(
  target: Endpoint | Borrowed,
  timeout: number,
  wait: number,
  until: Deadline,
): Promise<Commands> {
  const left = Math.max(until - performance.now(), 1);
  const link = isBorrowed(target)
    ? await duplicate(target.client, target.driver)
    : await openOwn(target, timeout, left);
  const replicated = new Commands(link, timeout, wait);
  try {
    await replicated.send((driver) => driver.ping(), until);
  } catch (error) {
    await replicated.close();
    throw error;
  }
  return replicated;
}

function wayTo(target: Endpoint | Borrowed): Way {
  if (isBorrowed(target)) return undefined;
  if (target.tls !== undefined) return "TLS";
  return target.path !== undefined || /^(?:localhost|127\.|::1$)/.test(target.host) ? "socket" : "plain";
}

function isBorrowed(target: Endpoint | Borrowed): target is Borrowed {
  return "client" in target;
}
