import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { adminPool } from "../../packages/postgres/test/support.js";
import type { Backend } from "../contenders.js";

/** Bytes of all sessions together. */
export interface Stored {
  /** What the library wrote: values without their keys, all columns of the rows, contents of files. */
  readonly written: number;
  /** What that takes according to the store: MEMORY USAGE, or blocks of files and directories. */
  readonly taken?: number;
}

/** What a store holds. */
export function stored(backend: Exclude<Backend, "none">, place: string): Promise<Stored> {
  if (backend === "redis") return inRedis(place);
  if (backend === "postgres") return inPostgres(place);
  return backend === "mysql" ? inMysql(place) : inDirectory(place);
}

async function inRedis(place: string): Promise<Stored> {
  const redis = new Redis(place);
  let [written, taken] = [0, 0];
  for (const key of await redis.keys("*")) {
    written += await redis.strlen(key);
    taken += Number(await redis.memory("USAGE", key, "SAMPLES", 0));
  }
  redis.disconnect();
  return { written, taken };
}

async function inMysql(place: string): Promise<Stored> {
  const connection = await createConnection(place);
  const [columns] = await connection.query<RowDataPacket[]>(
    "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()",
  );
  let written = 0;
  for (const { t, c } of columns) {
    const [[sum]] = await connection.query<RowDataPacket[]>(
      `SELECT SUM(OCTET_LENGTH(\`${c}\`)) AS bytes FROM \`${t}\``,
    );
    written += Number(sum?.bytes ?? 0);
  }
  await connection.end();
  return { written };
}

async function inPostgres(place: string): Promise<Stored> {
  const admin = adminPool(place);
  const { rows: columns } = await admin.query(
    "SELECT table_name AS t, column_name AS c, data_type AS type FROM information_schema.columns WHERE table_schema = 'public'",
  );
  let [written, taken] = [0, 0];
  for (const { t, c, type } of columns) {
    const length = ["text", "bytea"].includes(type) ? "octet_length" : "pg_column_size";
    const { rows } = await admin.query(
      `SELECT sum(${length}("${c}"${type === "json" ? "::text" : ""})) AS bytes FROM "${t}"`,
    );
    written += Number(rows[0].bytes ?? 0);
  }
  for (const t of new Set(columns.map((column) => column.t))) {
    const { rows } = await admin.query("SELECT pg_total_relation_size($1::text::regclass) AS bytes", [`"${t}"`]);
    taken += Number(rows[0].bytes);
  }
  await admin.end();
  return { written, taken };
}

async function inDirectory(place: string): Promise<Stored> {
  let [written, taken] = [0, 0];
  for (const name of await readdir(place, { recursive: true })) {
    const entry = await stat(join(place, name));
    if (entry.isFile()) written += entry.size;
    taken += entry.blocks * 512;
  }
  return { written, taken };
}
