import { register } from "@sess/core";
import { type RedisConfig, redis } from "./provider.js";

export type {
  RedisClient,
  RedisClientOptions,
  RedisCommonOptions,
  RedisConfig,
  RedisNode,
  RedisOptions,
} from "./provider.js";
export { redis } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    redis: RedisConfig;
  }
}

register<RedisConfig>("redis", redis, "@sess/redis");
