/**
 * The login handler of the README this project began with, with sessions in Redis: start it twice, on two ports and one
 * SESS_REDIS_URL, and both know who you are. Without SESS_REDIS_URL it starts a redis-server that ends with it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { createManager, type SessionStore } from "@sess/core";
import "@sess/redis";
import { loginPage } from "../page.js";

const sessions = await createManager<{ username: string }>("redis", {
  cookieName: "gosessionid",
  gcLifetime: 3600,
  providerConfig: process.env.SESS_REDIS_URL || { path: await startRedis() },
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
    server.close(() => sessions.close().finally(() => process.exit()));
    server.closeAllConnections();
  });
}

/** Resolves to the Unix socket of a redis-server that keeps nothing on disk. */
async function startRedis(): Promise<string> {
  const directory = mkdtempSync(`${tmpdir()}/sess-example-`);
  const options = ["--port", "0", "--unixsocket", `${directory}/redis.sock`, "--dir", directory, "--save", ""];
  const redis = spawn("redis-server", options, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => {
    redis.kill();
    rmSync(directory, { recursive: true, force: true });
  });
  redis.once("error", () => {
    console.error("Set SESS_REDIS_URL=redis://host:port, or install redis-server.");
    process.exit(1);
  });
  for await (const chunk of redis.stdout) if (String(chunk).includes("eady to accept connections")) break;
  return `${directory}/redis.sock`;
}
