/** Floor: hand-written over a Map. The cookie, SHA-256, JSON, compare-and-set; nothing is merged, nothing is removed. */
import { createHash, randomBytes } from "node:crypto";
import { answer, data, serve, text } from "./common.mjs";

const lifetime = 3_600_000;
const records = new Map();
const keyOf = (id) => createHash("sha256").update(id).digest("hex");

function open({ headers: { cookie = "" } }) {
  const id = /(?:^|; )id=([\w-]{43})(?:;|$)/.exec(cookie)?.[1];
  if (id === undefined) return undefined;
  const key = keyOf(id);
  const record = records.get(key);
  if (record === undefined || record.expires <= Date.now()) return undefined;
  return { key, record, fields: JSON.parse(record.text) };
}

function put(key, fields, version) {
  records.set(key, { text: JSON.stringify(fields), version, expires: Date.now() + lifetime });
}

serve(async (req, res) => {
  if (req.url === "/make") {
    const id = randomBytes(32).toString("base64url");
    put(keyOf(id), { data, n: 0 }, 1);
    return res.writeHead(200, { ...text, Vary: "Cookie", "Set-Cookie": `id=${id}; Path=/; HttpOnly` }).end();
  }
  const { key, record, fields } = open(req);
  if (req.url === "/write") {
    fields.n++;
    if (records.get(key) === record) put(key, fields, record.version + 1);
    await undefined;
  }
  return res.writeHead(200, { ...text, Vary: "Cookie" }).end(answer(fields));
});
