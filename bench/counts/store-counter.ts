import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type Handler, TcpProxy, type Wire } from "../../torture/wire/proxy.js";
import type { Backend } from "../contenders.js";

export interface Counted {
  /** The number of round trips; for a directory, of system calls about it. */
  readonly roundTrips: number;
  /** The commands, as the store itself counts them. */
  readonly commands: Readonly<Record<string, number>>;
}

/** Counts what is asked of a store while one request after the other is made. */
export interface StoreCounter {
  /** The store's address, which leads through the counter. */
  readonly place: string;
  count(pid: number, work: () => Promise<unknown>): Promise<Counted>;
  stop(): Promise<void>;
}

/** Undefined where there is no store. */
export async function startCounter(backend: Backend, place: string): Promise<StoreCounter | undefined> {
  if (backend === "none") return undefined;
  if (backend === "directory")
    return { place, count: (pid, work) => systemCalls(place, pid, work), stop: async () => {} };
  const census = await censusOf(backend, place);
  const url = new URL(place);
  const proxy = new CountingProxy(Number(url.port));
  url.port = String(await proxy.listen());
  return {
    place: url.href,
    async count(_pid, work) {
      const before = await census.read();
      proxy.roundTrips = 0;
      await work();
      const { roundTrips } = proxy;
      return { roundTrips, commands: difference(before, await census.read()) };
    },
    async stop() {
      await proxy.close();
      await census.stop();
    },
  };
}

/** Counts each time a client sends after the server has, on any connection. */
class CountingProxy extends TcpProxy {
  roundTrips = 0;

  constructor(target: number) {
    super(target);
    void this.begin({ strike: (wire) => this.#watch(wire) });
  }

  #watch(wire: Wire): Handler {
    let awaited = false;
    return {
      take: (bytes, from) => {
        if (from === "client" && !awaited) this.roundTrips++;
        awaited = from === "client";
        wire.pass(bytes, from);
      },
    };
  }
}

interface Census {
  read(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

async function censusOf(backend: Backend, place: string): Promise<Census> {
  if (backend === "redis") return redisCensus(place);
  if (backend === "mysql") return mysqlCensus(place);
  // PostgreSQL itself counts no statements, so the round trips are used.
  return { read: async () => new Map(), stop: async () => {} };
}

function redisCensus(place: string): Census {
  const redis = new Redis(place);
  return {
    async read() {
      const info = await redis.info("commandstats");
      const calls = info.matchAll(/^cmdstat_(.+):calls=(\d+)/gm);
      return new Map(
        [...calls].map(([, name = "", count]) => [name, Number(count)] as const).filter(([name]) => name !== "info"),
      );
    },
    async stop() {
      redis.disconnect();
    },
  };
}

async function mysqlCensus(place: string): Promise<Census> {
  const connection = await createConnection(place);
  return {
    async read() {
      const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Com\\_%'");
      const counts = rows.map((row) => [String(row.Variable_name).slice(4), Number(row.Value)] as const);
      return new Map(counts.filter(([name]) => name !== "show_status"));
    },
    stop: () => connection.end(),
  };
}

function difference(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const grown = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

/** By strace: system calls that name the directory, or a file opened in it. */
async function systemCalls(directory: string, pid: number, work: () => Promise<unknown>): Promise<Counted> {
  const folder = await mkdtemp(join(tmpdir(), "sess-strace-"));
  const log = join(folder, "log");
  const strace = spawn("strace", ["-f", "-y", "-o", log, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(strace, "exit");
  for await (const line of createInterface({ input: strace.stderr })) if (line.includes("attached")) break;
  await work();
  strace.kill("SIGINT");
  await ended;
  const commands: Record<string, number> = {};
  for (const line of (await readFile(log, "utf8")).split("\n")) {
    const call = /^\d+ +(\w+)\(/.exec(line)?.[1];
    if (call !== undefined && line.includes(directory)) commands[call] = (commands[call] ?? 0) + 1;
  }
  await rm(folder, { recursive: true });
  return { roundTrips: Object.values(commands).reduce((sum, count) => sum + count, 0), commands };
}
