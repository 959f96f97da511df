import type { StoreConnector } from "@sess/core";
import { mysql } from "@sess/mysql/provider";
import { postgres } from "@sess/postgres/provider";
import { redis } from "@sess/redis/provider";

/** A provider on a server of its own, and how it is reached through a port of this machine. */
export interface Subject {
  readonly name: string;
  /** Milliseconds in which an operation has to settle. */
  readonly deadline: number;
  /** Whether `gc` removes expired records. */
  readonly collects: boolean;
  /** The server's. */
  readonly port: number;
  /**
   * Connects to a port, with the subject's deadline unless another is given; records under another namespace are not seen.
   */
  connector(port: number, namespace: string, deadline?: number): StoreConnector;
  stop(): Promise<void>;
}

/** Milliseconds within which calls without a fault must settle, however busy the machine is. */
export const unhurried = 9000;

export const subjectNames: readonly string[] = ["redis", "mysql", "postgres"];

/** A subject with a private server. If none is available it is `undefined`, and `why` says what to do. */
export async function openSubject(name: string, why: (line: string) => void): Promise<Subject | undefined> {
  if (name === "redis") return openRedis(why);
  if (name === "mysql") return openMysql(why);
  if (name === "postgres") return openPostgres(why);
  throw new Error(`no subject "${name}"`);
}

async function openRedis(why: (line: string) => void): Promise<Subject | undefined> {
  const { canStartRedis, howToEnable, startRedis } = await import("../../packages/redis/test/server.js");
  if (!(await canStartRedis())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startRedis();
  const deadline = 400;
  return {
    name: "redis",
    deadline,
    collects: false,
    port: server.port,
    connector: (port, namespace, commandTimeout = deadline) => redis({ port, prefix: `${namespace}:`, commandTimeout }),
    stop: () => server.stop(),
  };
}

async function openMysql(why: (line: string) => void): Promise<Subject | undefined> {
  const { canStartMysql, howToEnable, startMysql } = await import("../../packages/mysql/test/server.js");
  if (!(await canStartMysql())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startMysql("--table-open-cache=2000");
  const deadline = 400;
  const common = { user: "root", database: "sess", poolSize: 3 };
  return {
    name: "mysql",
    deadline,
    collects: true,
    port: server.port,
    connector: (port, table, timeout = deadline) => mysql({ ...common, port, table, timeout }),
    stop: () => server.stop(),
  };
}

async function openPostgres(why: (line: string) => void): Promise<Subject | undefined> {
  const { canStartPostgres, howToEnable, startPostgres } = await import("../../packages/postgres/test/server.js");
  if (!(await canStartPostgres())) {
    why(howToEnable);
    return undefined;
  }
  const server = await startPostgres();
  const deadline = 400;
  const common = { host: "127.0.0.1", user: "postgres", database: "postgres", poolSize: 3 };
  return {
    name: "postgres",
    deadline,
    collects: true,
    port: server.port,
    connector: (port, table, timeout = deadline) => postgres({ ...common, port, table, timeout }),
    stop: () => server.stop(),
  };
}
