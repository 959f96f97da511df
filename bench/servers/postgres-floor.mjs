/** Floor: hand-written, one SELECT for a read, SELECT and UPDATE for a write, over a pool of ten. */
import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import { answer, data, serve, store, text } from "./common.mjs";

const pool = new Pool({ connectionString: store, max: 10 });
await pool.query(
  "CREATE TABLE IF NOT EXISTS floor (id bytea PRIMARY KEY, data text NOT NULL, expires bigint NOT NULL)",
);
const idOf = (req) => Buffer.from(req.headers.cookie?.slice(3) ?? "", "base64url");
serve(async (req, res) => {
  const expires = Date.now() + 3_600_000;
  if (req.url === "/make") {
    const id = randomBytes(32);
    await pool.query("INSERT INTO floor VALUES ($1, $2, $3)", [id, JSON.stringify({ data, n: 0 }), expires]);
    return res.writeHead(200, { ...text, "Set-Cookie": `id=${id.toString("base64url")}; Path=/; HttpOnly` }).end();
  }
  const id = idOf(req);
  const { rows } = await pool.query("SELECT data FROM floor WHERE id = $1 AND expires > $2", [id, Date.now()]);
  const session = JSON.parse(rows[0]?.data ?? "{}");
  if (req.url === "/write") {
    session.n++;
    await pool.query("UPDATE floor SET data = $2, expires = $3 WHERE id = $1", [id, JSON.stringify(session), expires]);
  }
  return res.writeHead(200, text).end(answer(session));
});
