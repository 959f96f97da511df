import type { Driver } from "./driver.js";

/** What is asked of Bun's client: `Bun.redis`, or one of its `RedisClient`. */
export interface BunRedisClient {
  send(command: string, args: string[]): Promise<unknown>;
}

/** How to speak through Bun's client. It does not promise that two commands go over one connection: no `wait`. */
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
