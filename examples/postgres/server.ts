/**
 * The login handler of the README this project began with, with sessions in PostgreSQL: start it twice, on two ports and
 * one SESS_POSTGRES_URL, and both know who you are. Without SESS_POSTGRES_URL it keeps them in PGlite, a PostgreSQL in this
 * process and its memory.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { PGlite } from "@electric-sql/pglite";
import { createManager, type SessionStore } from "@sess/core";
import "@sess/postgres";
import { loginPage } from "../page.js";

const sessions = await createManager<{ username: string }>("postgres", {
  cookieName: "gosessionid",
  gcLifetime: 3600,
  providerConfig: process.env.SESS_POSTGRES_URL || { pool: await PGlite.create() },
});
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
    server.close(() => sessions.close().finally(() => process.exit()));
    server.closeAllConnections();
  });
}
