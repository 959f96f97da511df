import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { memory } from "@sess/core";
import { file } from "@sess/file";
import { mysql } from "@sess/mysql";
import { postgres } from "@sess/postgres";
import { redis } from "@sess/redis";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { startMysql } from "../../packages/mysql/test/server.js";
import { startPostgres } from "../../packages/postgres/test/server.js";
import { adminPool } from "../../packages/postgres/test/support.js";
import { type Store, startStore } from "../running.js";
import { ours } from "./ours.js";
import { memoryStore, memorystore } from "./peers.js";
import { heapBytes, type Subject } from "./subject.js";

export interface Contender {
  readonly name: string;
  /** One of this many sessions has expired when the measurement begins. */
  readonly expiredOf: number;
  /** The number of concurrent requests that fill it. */
  readonly together: number;
  start(): Promise<Store>;
  open(place: string): Subject | Promise<Subject>;
}

/** More sessions than any run has. */
const room = 10_000_000;
const inMemory = { expiredOf: 2, together: 1, start: () => startStore("none") };
const stored = { expiredOf: 100, together: 32 };

export const contenders: readonly Contender[] = [
  { ...inMemory, name: "memory: @sess/core", open: () => ours(memory({ maxSessions: room }), heapBytes) },
  { ...inMemory, name: "memory: MemoryStore", open: memoryStore },
  { ...inMemory, name: "memory: memorystore", open: () => memorystore(room) },
  {
    ...stored,
    name: "file",
    start: () => startStore("directory"),
    open: (place) => ours(file(place), () => diskBytes(place)),
  },
  {
    ...stored,
    name: "redis",
    start: () => startStore("redis"),
    open: (place) => ours(redis(place), () => redisBytes(place)),
  },
  {
    ...stored,
    name: "mysql",
    start: async () => {
      // The tests' 64 MB are too small for a table of a million; a real server for sessions has enough memory.
      const { url, stop } = await startMysql("--innodb-buffer-pool-size=1G");
      return { place: url, stop };
    },
    open: (dsn) => ours(mysql({ dsn, poolSize: 32 }), () => mysqlBytes(dsn)),
  },
  {
    ...stored,
    name: "postgres",
    start: async () => {
      // Enough memory, for the same reason.
      const { url, stop } = await startPostgres("-c", "shared_buffers=1GB", "-c", "max_wal_size=4GB");
      return { place: url, stop };
    },
    open: (url) => ours(postgres({ url, poolSize: 32 }), () => postgresBytes(url)),
  },
];

/** Blocks, those of directories included; inodes come on top. */
async function diskBytes(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)("du", ["--summarize", "--block-size=1", directory]);
  return Number.parseInt(stdout, 10);
}

async function redisBytes(url: string): Promise<number> {
  const client = new Redis(url);
  const text = await client.info("memory");
  client.disconnect();
  return Number(/used_memory:(\d+)/.exec(text)?.[1]);
}

async function mysqlBytes(url: string): Promise<number> {
  const connection = await createConnection(url);
  await connection.query("ANALYZE TABLE sessions");
  const size = "SELECT data_length + index_length AS size FROM information_schema.tables WHERE table_name = 'sessions'";
  const [rows] = await connection.query<(RowDataPacket & { size: string })[]>(size);
  await connection.end();
  return Number(rows[0]?.size);
}

/** Table and indexes. */
async function postgresBytes(url: string): Promise<number> {
  const admin = adminPool(url);
  const { rows } = await admin.query("SELECT pg_total_relation_size('sessions') AS size");
  await admin.end();
  return Number(rows[0].size);
}
