import type { Driver } from "./driver.js";

/** The part of Bun's client that this provider uses: `Bun.redis`, or a `RedisClient` of Bun. */
export interface BunRedisClient {
  send(command: string, args: string[]): Promise<unknown>;
}

/**
 * The driver for Bun's client. It does not promise to send two commands over one connection, so `wait` is not possible.
 */
export function bunDriver(client: BunRedisClient): Driver {
  const send = (command: string, ...args: readonly (string | number)[]) => client.send(command, args.map(String));
  return {
    keyPrefix: "",
    get: (key) => send("GET", key),
    getrange: (key, start, end) => send("GETRANGE", key, start, end),
    run: (name, script, key, args) => send(name.toUpperCase(), script, 1, key, ...args),
    ping: () => send("PING"),
    info: (section) => send("INFO", section),
    masters: async () => [
      (cursor, pattern, count) => send("SCAN", cursor, "MATCH", pattern, "COUNT", count, "TYPE", "string"),
    ],
  };
}
