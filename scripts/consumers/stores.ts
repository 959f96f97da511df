import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

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

/** What an application installs with a provider that leaves the choice of a client to the application. */
export const beside: Readonly<Record<string, readonly string[]>> = { redis: ["ioredis@6.0.0"] };

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
  mysql: async () => {
    const { canStartMysql, howToEnable, startMysql } = await import("../../packages/mysql/test/server.js");
    if (!(await canStartMysql())) throw new Error(howToEnable);
    const server = await startMysql();
    // The seed's username:password@protocol(address)/dbname?param=value, with a valid password.
    const statements = "CREATE USER astaxie IDENTIFIED BY 'astaxie'; GRANT ALL ON sess.* TO astaxie";
    const client = ["--no-defaults", "--user=root", `--socket=${server.socketPath}`];
    await promisify(execFile)("mariadb", [...client, `--execute=${statements}`]);
    return { json: json(`astaxie:astaxie@tcp(127.0.0.1:${server.port})/sess?charset=utf8`), stop: () => server.stop() };
  },
  postgres: async () => {
    const { canStartPostgres, howToEnable, startPostgres } = await import("../../packages/postgres/test/server.js");
    if (!(await canStartPostgres())) throw new Error(howToEnable);
    const server = await startPostgres();
    return { json: json(server.url), stop: () => server.stop() };
  },
  cookie: async () => ({
    json: json('{"cookieName":"gosessionid","securityKey":"beegocookiehashkey"}', { enableSetCookie: false }),
    stop: nothing,
  }),
};
