/** Floor: hand-written, one GET for a read, GET and SET for a write. Nothing is merged, nothing is safe. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { answer, data, serve, store, text } from "./common.mjs";

const redis = new Redis(store);
serve(async (req, res) => {
  if (req.url === "/make") {
    const id = randomBytes(32).toString("base64url");
    await redis.set(`floor:${id}`, JSON.stringify({ data, n: 0 }), "EX", 3600);
    return res.writeHead(200, { ...text, "Set-Cookie": `id=${id}; Path=/; HttpOnly` }).end();
  }
  const key = `floor:${req.headers.cookie?.slice(3)}`;
  const session = JSON.parse((await redis.get(key)) ?? "{}");
  if (req.url === "/write") {
    session.n++;
    await redis.set(key, JSON.stringify(session), "EX", 3600);
  }
  return res.writeHead(200, text).end(answer(session));
});
