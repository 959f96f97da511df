/** Floor: node:http without sessions. */
import { serve, text } from "./common.mjs";

let n = 0;
serve((req, res) => {
  const cookie = req.headers.cookie;
  const body = req.url === "/write" ? String(++n) : `${cookie?.length ?? 0} ${n}`;
  res.writeHead(200, req.url === "/make" ? { ...text, "Set-Cookie": "id=1; Path=/; HttpOnly" } : text).end(body);
});
