/**
 * The login handler of the README this project began with, with sessions that the browser keeps itself, sealed: no store,
 * and nothing to collect. With SESS_KEY set, a restart or a second process knows who you are; without it a new key is
 * made at each start, and everybody is signed out.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createManager, type SessionStore } from "@sess/core";
import "@sess/cookie";
import { loginPage } from "../page.js";

const sessions = await createManager<{ username: string }>("cookie", {
  cookieName: "gosessionid",
  gcLifetime: 3600,
  providerConfig: { keys: [process.env.SESS_KEY || randomBytes(32)] },
});

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
