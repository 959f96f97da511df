/**
 * The login handler of the README this project began with, with sessions in MySQL or MariaDB: start it twice, on two ports
 * and one SESS_MYSQL_URL, and both know who you are. Without SESS_MYSQL_URL it starts a mariadbd that ends with it.
 */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { createManager, type SessionStore } from "@sess/core";
import "@sess/mysql";
import { loginPage } from "../page.js";

const sessions = await createManager<{ username: string }>("mysql", {
  cookieName: "gosessionid",
  gcLifetime: 3600,
  providerConfig: process.env.SESS_MYSQL_URL || `root@unix(${await startMariadb()})/sess`,
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

/** Resolves to the Unix socket of a mariadbd with an empty database, in a directory that goes with it. */
async function startMariadb(): Promise<string> {
  const directory = mkdtempSync(`${tmpdir()}/sess-example-`);
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
  const data = ["--no-defaults", `--datadir=${directory}/data`, `--tmpdir=${directory}`];
  const files = [`--socket=${directory}/s.sock`, `--pid-file=${directory}/pid`, `--init-file=${directory}/init.sql`];
  try {
    // The server refuses to run as root: then it runs as nobody.
    const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"]));
    const user = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : {};
    if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
    writeFileSync(`${directory}/init.sql`, "CREATE DATABASE sess;\n");
    const install = [...data, "--auth-root-authentication-method=normal", "--skip-test-db"];
    execFileSync("mariadb-install-db", install, { ...user, env, stdio: "ignore" });
    const options = {
      ...user,
      env,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"],
    };
    const mariadb = spawn("mariadbd", [...data, ...files, "--skip-networking", "--skip-log-bin"], options);
    process.prependOnceListener("exit", () => mariadb.kill("SIGKILL"));
    for await (const chunk of mariadb.stderr) if (String(chunk).includes("ready for connections")) break;
    return `${directory}/s.sock`;
  } catch {
    console.error("Set SESS_MYSQL_URL=mysql://user:password@host:port/database, or install mariadb-server.");
    process.exit(1);
  }
}
