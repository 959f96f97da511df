import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A store for several processes, and how it is taken down. */
export interface Store {
  readonly config: unknown;
  stop(): Promise<void>;
}

/** A private store for a provider. If none is available it is `undefined`, and `why` says what to do. */
export async function openStore(provider: string, why: (line: string) => void): Promise<Store | undefined> {
  if (provider === "file") return fileStore();
  if (provider === "redis") return redisStore(why);
  if (provider === "mysql") return mysqlStore(why);
  if (provider === "postgres") return postgresStore(why);
  throw new Error(`no store for "${provider}"`);
}

async function fileStore(): Promise<Store> {
  const directory = await mkdtemp(join(tmpdir(), "sess-file-"));
  return { config: directory, stop: () => rm(directory, { recursive: true, force: true }) };
}

async function redisStore(why: (line: string) => void): Promise<Store | undefined> {
  const url = process.env.SESS_REDIS_URL;
  if (url !== undefined) return { config: url, stop: async () => {} };
  const { canStartRedis, howToEnable, startRedis } = await import("../../packages/redis/test/server.js");
  if (!(await canStartRedis())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startRedis();
  return { config: server.url, stop: () => server.stop() };
}

async function mysqlStore(why: (line: string) => void): Promise<Store | undefined> {
  const url = process.env.SESS_MYSQL_URL;
  if (url !== undefined) return { config: url, stop: async () => {} };
  const { canStartMysql, howToEnable, startMysql } = await import("../../packages/mysql/test/server.js");
  if (!(await canStartMysql())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startMysql("--innodb-flush-log-at-trx-commit=1");
  return { config: `root@tcp(127.0.0.1:${server.port})/sess`, stop: () => server.stop() };
}

async function postgresStore(why: (line: string) => void): Promise<Store | undefined> {
  const url = process.env.SESS_POSTGRES_URL;
  if (url !== undefined) return { config: url, stop: async () => {} };
  const { canStartPostgres, howToEnable, startPostgres } = await import("../../packages/postgres/test/server.js");
  if (!(await canStartPostgres())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startPostgres("-c", "fsync=on");
  return { config: server.url, stop: () => server.stop() };
}

/** The existing providers. */
export function availableProviders(): string[] {
  const packages = join(import.meta.dirname, "..", "..", "packages");
  return ["redis", "file", "mysql", "postgres"].filter((name) => existsSync(join(packages, name, "src", "index.ts")));
}
