import { startMysql } from "../../packages/mysql/test/server.js";
import { startPostgres } from "../../packages/postgres/test/server.js";
import { startRedis } from "../../packages/redis/test/server.js";

/** A server that a kit needs, private to this run. */
export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** A provider whose sources are mutated, and what its kit is run with. */
export interface Subject {
  readonly name: string;
  /** Ends with a slash. */
  readonly folder: string;
  /** The files that implement the contract, without `.ts`: a kit can see those. */
  readonly files: readonly string[];
  /** Milliseconds beyond the time of a run without a mutation, after which a run of the kit counts as endless. */
  readonly patience: number;
  /** Its kit finds the server's address in SESS_MUTATED_URL. */
  start?(): Promise<Server>;
}

export const subjects: readonly Subject[] = [
  {
    name: "memory",
    folder: "packages/core/src/memory/",
    files: ["expiry-heap", "key-map", "memory", "memory-provider", "memory-store", "recency-list"],
    patience: 10_000,
  },
  {
    name: "file",
    folder: "packages/file/src/",
    files: ["body", "collect", "label", "slots", "store", "walk"],
    patience: 15_000,
  },
  {
    name: "redis",
    folder: "packages/redis/src/",
    files: ["commands", "evaluate", "owners", "provider", "record", "scan", "scripts", "store"],
    patience: 15_000,
    start: startRedis,
  },
  {
    name: "mysql",
    folder: "packages/mysql/src/",
    files: ["record", "sql", "statements", "store"],
    patience: 20_000,
    start: startMysql,
  },
  {
    name: "postgres",
    folder: "packages/postgres/src/",
    files: ["record", "sql", "statements", "store"],
    patience: 20_000,
    start: startPostgres,
  },
];
