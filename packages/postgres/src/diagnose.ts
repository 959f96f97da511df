import type { Finding } from "@sess/core";
import type { Row } from "./pool.js";
import type { Statements } from "./statements.js";

/** Clocks may differ by a minute; this is well before that, in milliseconds. */
const noticeable = 5000;

/** What an operator should know of the server and the table. Each part that fails is a finding by itself. */
export async function diagnose(statements: Statements, table: string, now: () => number): Promise<Finding[]> {
  statements.assertOpen();
  const ask = async (sql: string, values: readonly string[] = []): Promise<Row> =>
    (await statements.run(sql, values, { reads: true }))[0] ?? {};
  const each = async (subject: string, look: () => Promise<Finding>): Promise<Finding> =>
    look().catch(() => ({ subject, state: "unknown", text: "the server does not tell" }));
  return [
    await each("server", async () => {
      const { version } = await ask("SELECT current_setting('server_version') AS version");
      return { subject: "server", state: "fine", text: `version ${String(version)}` };
    }),
    await each("indexes", async () => indexesOf(String((await ask(indexSql, [table])).columns), table)),
    await each("TLS", async () => encryptionOf(await ask(tlsSql))),
    await each("clock", async () => {
      const before = now();
      const { time } = await ask("SELECT extract(epoch FROM clock_timestamp()) * 1000 AS time");
      return clockOf((before + now()) / 2 - Number(time));
    }),
  ];
}

const indexSql = `SELECT string_agg(attname, ' ') AS columns FROM pg_index
  JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] WHERE indrelid = to_regclass($1) AND indisvalid`;
// As text: a caller's pool may read other types as it likes.
const tlsSql = `SELECT CASE WHEN ssl THEN 'TLS' WHEN inet_client_addr() IS NULL THEN 'socket' ELSE 'plain' END AS way
  FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;

/** Without an index on `expires` each gc, and without one on `owner` each sign-out everywhere, reads the whole table. */
function indexesOf(columns: string, table: string): Finding {
  const missing = ["expires", "owner"].filter((column) => !columns.split(" ").includes(column));
  if (missing.length === 0) return { subject: "indexes", state: "fine", text: "on expires and on owner" };
  const text = `${table} has no valid index that begins with ${missing.join(", nor one with ")}: see ddl()`;
  return { subject: "indexes", state: "problem", text };
}

function encryptionOf({ way }: Row): Finding {
  const subject = "TLS";
  if (way === "TLS") return { subject, state: "fine", text: "the connection is encrypted" };
  if (way === "socket") return { subject, state: "fine", text: "not needed: the connection is a Unix socket" };
  if (way !== "plain") return { subject, state: "unknown", text: "the server does not tell" };
  return { subject, state: "warning", text: "the connection is not encrypted; on one host it need not be" };
}

function clockOf(difference: number): Finding {
  const ms = Math.round(Math.abs(difference));
  const text = `this process is ${ms} ms ${difference < 0 ? "behind" : "ahead of"} the server`;
  return { subject: "clock", state: ms < noticeable ? "fine" : "problem", text };
}
