/** Floor: hand-written AES-256-GCM over JSON, one key, a random nonce, the cookie's name not even bound. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { answer, data, serve, text } from "./common.mjs";

const key = Buffer.alloc(32, 7);
function seal(session) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(session)), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("base64url");
}
function open(token) {
  const bytes = Buffer.from(token, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString());
}
const cookie = (session) => ({ ...text, "Set-Cookie": `id=${seal(session)}; Path=/; HttpOnly` });
serve((req, res) => {
  if (req.url === "/make") return res.writeHead(200, cookie({ data, n: 0 })).end();
  const session = open(req.headers.cookie?.slice(3) ?? "");
  if (req.url === "/write") session.n++;
  return res.writeHead(200, req.url === "/write" ? cookie(session) : text).end(answer(session));
});
