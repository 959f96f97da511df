import type { Finding } from "@sess/core";
import type { Row, Statements } from "./statements.js";

/** Clocks may differ by a minute; this is well before that, in milliseconds. */
const noticeable = 5000;

/** What an operator should know of the server and the table. Each part that fails is a finding by itself. */
export async function diagnose(statements: Statements, table: string, now: () => number): Promise<Finding[]> {
  statements.assertOpen();
  const ask = (sql: string, values: readonly string[] = []) => statements.rows(sql, values, statements.deadline());
  const each = async (subject: string, look: () => Promise<Finding>): Promise<Finding> =>
    look().catch(() => ({ subject, state: "unknown", text: "the server does not tell" }));
  return [
    await each("server", async () => {
      const [row] = await ask("SELECT VERSION()");
      return { subject: "server", state: "fine", text: `version ${String(row?.[0])}` };
    }),
    await each("table", async () => tableOf(await ask(engineSql, [table]), table)),
    await each("indexes", async () => indexesOf(await ask(indexSql, [table]), table)),
    await each("TLS", async () => {
      const [row] = await ask("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
      return encryptionOf(String(row?.[1] ?? ""));
    }),
    await each("clock", async () => {
      const before = now();
      const [row] = await ask("SELECT UNIX_TIMESTAMP(NOW(3)) * 1000");
      return clockOf((before + now()) / 2 - Number(row?.[0]));
    }),
  ];
}

const engineSql =
  "SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = CONVERT(? USING utf8mb4)";
const indexSql = `SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = CONVERT(? USING utf8mb4) GROUP BY INDEX_NAME`;

function tableOf([row]: readonly Row[], table: string): Finding {
  const engine = String(row?.[0]);
  if (engine === "InnoDB") return { subject: "table", state: "fine", text: `${table}, InnoDB` };
  return { subject: "table", state: "problem", text: `${table} has the engine ${engine}: it must be InnoDB` };
}

/** Without an index on `expires` each gc, and without one on `owner` each sign-out everywhere, reads the whole table. */
function indexesOf(rows: readonly Row[], table: string): Finding {
  const first = rows.map(([columns]) => String(columns).split(",")[0]);
  const missing = ["expires", "owner"].filter((column) => !first.includes(column));
  if (missing.length === 0) return { subject: "indexes", state: "fine", text: "on expires and on owner" };
  const text = `${table} has no index that begins with ${missing.join(", nor one with ")}: see ddl()`;
  return { subject: "indexes", state: "problem", text };
}

function encryptionOf(cipher: string): Finding {
  if (cipher !== "") return { subject: "TLS", state: "fine", text: `the connection is encrypted (${cipher})` };
  return { subject: "TLS", state: "warning", text: "the connection is not encrypted; on one host it need not be" };
}

function clockOf(difference: number): Finding {
  const ms = Math.round(Math.abs(difference));
  const text = `this process is ${ms} ms ${difference < 0 ? "behind" : "ahead of"} the server`;
  return { subject: "clock", state: ms < noticeable ? "fine" : "problem", text };
}
