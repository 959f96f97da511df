import { register } from "@sess/core";
import { type RedisConfig, redis } from "./provider.js";

export type {
  BunRedisClient,
  GlideClient,
  GlideRoute,
  IoredisClient,
  IoredisDuplicate,
  IoredisNode,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisClusterPipeline,
  NodeRedisDuplicate,
  NodeRedisPipeline,
  NodeRedisPlain,
  NodeRedisPool,
  NodeRedisSentinel,
  RedisClient,
  RedisClientOptions,
  RedisCommonOptions,
  RedisConfig,
  RedisOptions,
} from "./provider.js";
export { redis } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    redis: RedisConfig;
  }
}

register<RedisConfig>("redis", redis, "@sess/redis");
