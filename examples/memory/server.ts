/**
 * The login handler of the README this project began with, with sessions in the memory of this process: they end with
 * it. The other examples differ in two lines, the import and the name.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createManager, type SessionStore } from "@sess/core";
import { loginPage } from "../page.js";

const sessions = await createManager<{ username: string }>("memory", { cookieName: "gosessionid", gcLifetime: 3600 });
sessions.startGC();

async function login(sess: SessionStore<{ username: string }>, req: IncomingMessage, res: ServerResponse) {
  if (req.method === "POST") {
    // Five hundred bytes hold any name. What is longer is not read.
    if (!(Number(req.headers["content-length"]) <= 500)) return res.writeHead(413, { Connection: "close" }).end();
    sess.set("username", new URLSearchParams(await text(req)).get("username") ?? "");
    await sess.regenerate(); // A new id for a new right.
    return res.writeHead(303, { Location: "/" }).end();
  }
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  res.end(loginPage(sess.get("username")));
}

const server = createServer(sessions.handler(login)).listen(Number(process.env.PORT || 3000), () => {
  console.log(`Sign in on http://localhost:${(server.address() as AddressInfo).port} (Ctrl+C stops it)`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close(() => void sessions.close());
    server.closeAllConnections();
  });
}
