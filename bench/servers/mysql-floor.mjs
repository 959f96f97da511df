/** Floor: hand-written, one SELECT for a read, SELECT and UPDATE for a write, prepared, over a pool of ten. */
import { randomBytes } from "node:crypto";
import { createPool } from "mysql2/promise";
import { answer, data, serve, store, text } from "./common.mjs";

const pool = createPool({ uri: store, connectionLimit: 10 });
await pool.query(
  "CREATE TABLE IF NOT EXISTS floor (id BINARY(32) PRIMARY KEY, data MEDIUMBLOB NOT NULL, expires BIGINT NOT NULL) ENGINE=InnoDB",
);
const idOf = (req) => Buffer.from(req.headers.cookie?.slice(3) ?? "", "base64url");
serve(async (req, res) => {
  const expires = Date.now() + 3_600_000;
  if (req.url === "/make") {
    const id = randomBytes(32);
    await pool.execute("INSERT INTO floor VALUES (?, ?, ?)", [
      id,
      Buffer.from(JSON.stringify({ data, n: 0 })),
      expires,
    ]);
    return res.writeHead(200, { ...text, "Set-Cookie": `id=${id.toString("base64url")}; Path=/; HttpOnly` }).end();
  }
  const id = idOf(req);
  const [rows] = await pool.execute("SELECT data FROM floor WHERE id = ? AND expires > ?", [id, Date.now()]);
  const session = JSON.parse(rows[0]?.data ?? "{}");
  if (req.url === "/write") {
    session.n++;
    await pool.execute("UPDATE floor SET data = ?, expires = ? WHERE id = ?", [
      Buffer.from(JSON.stringify(session)),
      expires,
      id,
    ]);
  }
  return res.writeHead(200, text).end(answer(session));
});
