import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A store for a provider, and the seed's JSON that leads there. */
export interface Seeded {
  readonly json: string;
  stop(): Promise<void>;
}

function json(providerConfig?: string, more: Record<string, unknown> = {}): string {
  const base = { cookieName: "gosessionid", gclifetime: 3600, ...more };
  return JSON.stringify(providerConfig === undefined ? base : { ...base, ProviderConfig: providerConfig });
}

const nothing = async () => {};

/** By the provider's name. Each is the seed's own line of configuration, but for the addresses. */
export const stores: Readonly<Record<string, () => Promise<Seeded>>> = {
  memory: async () => ({ json: json(), stop: nothing }),
  file: async () => {
    const directory = await mkdtemp(join(tmpdir(), "sess-consumer-"));
    return { json: json(directory), stop: () => rm(directory, { recursive: true, force: true }) };
  },
  redis: async () => {
    const { canStartRedis, howToEnable, startRedis } = await import("../../packages/redis/test/server.js");
    if (!(await canStartRedis())) throw new Error(howToEnable);
    const server = await startRedis("--requirepass", "astaxie");
    return { json: json(`127.0.0.1:${server.port},100,astaxie`), stop: () => server.stop() };
  },
  cookie: async () => ({
    json: json('{"cookieName":"gosessionid","securityKey":"beegocookiehashkey"}', { enableSetCookie: false }),
    stop: nothing,
  }),
};
