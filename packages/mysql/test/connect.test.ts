import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { cableOut } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { type MysqlConfig, mysql } from "../src/provider.js";
import { freePort, startMysql } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord } from "./support.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const opensslIsThere = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

const works = async (config: MysqlConfig | string) => {
  const clock = new Clock();
  const store = await mysql(config).connect(clock);
  const [key, record] = [newKey(), newRecord(clock.now())];
  expect(await store.create(key, record)).toBe(true);
  expect(await store.read(key)).toEqual(record);
  await store.close();
};

/** Runs a module in a process of its own, which has to come to its end by itself. */
const runs = (body: string, cwd = here) => {
  const code = `import { mysql } from "@sess/mysql/provider"; const context = { now: Date.now, contract: 1 }; ${body}`;
  const args = ["--import", "tsx", "--conditions=@sess/source", "--input-type=module", "--eval", code];
  return run(process.execPath, args, { cwd, timeout: 30_000 });
};

describeWithServer("ways to connect", () => {
  test("the seed's string with a hostile password, over TCP and a Unix socket; typed options; a URL", async () => {
    const server = await startMysql();
    const admin = adminPool(server.url);
    const password = "p@ss/w:o(r)d?x=y&z#%41'\"\\ \u00e9";
    await admin.query("CREATE USER 'ada'@'%' IDENTIFIED BY ?; GRANT ALL ON sess.* TO 'ada'@'%'", [password]);
    await works(`ada:${password}@tcp(127.0.0.1:${server.port})/sess?charset=utf8&parseTime=true&param=value`);
    await works(`ada:${password}@unix(${server.socketPath})/sess`);
    await works({ socketPath: server.socketPath, user: "ada", password, database: "sess" });
    await works({ port: server.port, user: "ada", password, database: "sess" });
    await works(`mysql://ada:${encodeURIComponent(password)}@127.0.0.1:${server.port}/sess`);
    await admin.end();
    await server.stop();
  });

  test.skipIf(!opensslIsThere)("TLS, never to a server that nobody vouches for, and never in the clear", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sess-mysql-tls-"));
    await chmod(directory, 0o755);
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject]);
    await chmod(key, 0o644);
    const server = await startMysql(`--ssl-cert=${cert}`, `--ssl-key=${key}`);
    const admin = adminPool(server.url);
    await admin.query("CREATE USER 'ada'@'%' REQUIRE SSL; GRANT ALL ON sess.* TO 'ada'@'%'");
    const ada = { port: server.port, host: "localhost", user: "ada", database: "sess" };
    const ca = await readFile(cert);
    await works({ ...ada, tls: { ca } });
    await works({ ...ada, tls: { rejectUnauthorized: false } });
    await works(`ada@tcp(localhost:${server.port})/sess?tls=skip-verify`);
    await works(`mysql://ada@localhost:${server.port}/sess?ssl-mode=REQUIRED`);
    const unverified = { code: "SESS_UNAVAILABLE", cause: { code: "HANDSHAKE_SSL_ERROR" } };
    await expect(works({ ...ada, tls: true })).rejects.toMatchObject(unverified);
    await expect(works(`ada@tcp(localhost:${server.port})/sess?tls=true`)).rejects.toMatchObject(unverified);
    await works({ ...ada, host: "127.0.0.1", tls: { ca, verifyIdentity: false } });
    await expect(works(ada)).rejects.toMatchObject({ code: "SESS_CONFIG" });
    await admin.end();
    await server.stop();
    const plain = await startMysql("--skip-ssl");
    const refused = { code: "SESS_CONFIG", cause: { code: "HANDSHAKE_NO_SSL_SUPPORT" } };
    await expect(works({ dsn: plain.url, tls: { ca, verifyIdentity: false } })).rejects.toMatchObject(refused);
    await plain.stop();
    await rm(directory, { recursive: true });
  });

  test("a process that uses it ends after close, and after a failure to connect; nothing is printed", async () => {
    const server = await startMysql();
    const hole = new TcpProxy(server.port);
    await hole.begin(cableOut);
    const ports = [await freePort(), await hole.listen()];
    const { stdout, stderr } = await runs(`
      const store = await mysql(${JSON.stringify(server.url)}).connect(context);
      await store.count();
      await store.close();
      for (const port of [${ports}]) {
        await mysql({ port, timeout: 300 }).connect(context).catch((error) => console.log(error.code));
      }`);
    expect(stdout).toBe("SESS_UNAVAILABLE\nSESS_UNAVAILABLE\n");
    expect(stderr).toBe("");
    await hole.close();
    await server.stop();
  });

  test("a test process that is killed leaves no server behind", async () => {
    const code =
      'import { startMysql } from "./server.ts"; console.log(JSON.stringify(await startMysql())); setInterval(() => {}, 1e6);';
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], { cwd: here });
    const said = await new Promise((resolve) => child.stdout.once("data", resolve));
    const { port, socketPath } = JSON.parse(String(said));
    expect(await answers(port)).toBe(true);
    child.kill("SIGKILL");
    await vi.waitFor(async () => expect(await answers(port)).toBe(false), { timeout: 10_000 });
    await rm(dirname(socketPath), { recursive: true });
  });

  test("what mariadbd says is in the error when it does not start", async () => {
    await expect(startMysql("--no-such-option")).rejects.toThrow(/no-such-option/);
  });
});

describeWithServer("answers that are lost or changed on the way", () => {
  const through = async (body: (proxy: TcpProxy, url: string, direct: string) => Promise<void>) => {
    const server = await startMysql();
    const proxy = new TcpProxy(server.port);
    const url = `mysql://root@127.0.0.1:${await proxy.listen()}/sess`;
    await body(proxy, url, server.url);
    await proxy.close();
    await server.stop();
  };

  test("a write whose answer is lost is unknown; sent again it is recognised, and nothing is written twice", () =>
    through(async (proxy, url) => {
      const clock = new Clock();
      const store = await mysql({ dsn: url, poolSize: 1 }).connect(clock);
      const [key, first, second] = [newKey(), newRecord(clock.now()), newRecord(clock.now(), { data: "2" })];
      await store.create(newKey(), first);
      await store.update(newKey(), first, "");
      const unknown = { code: "SESS_UNAVAILABLE" };
      let lost = proxy.loseNextAnswer();
      const created = expect(store.create(key, first)).rejects.toMatchObject(unknown);
      await Promise.all([lost, created]);
      // A new connection prepares its statements first, and it is that answer which would be lost.
      expect(await store.create(key, first)).toBe(false);
      await store.update(newKey(), first, "");
      lost = proxy.loseNextAnswer();
      const updated = expect(store.update(key, second, first.version)).rejects.toMatchObject(unknown);
      await Promise.all([lost, updated]);
      expect(await store.update(key, second, first.version)).toEqual({ written: false, current: second });
      await store.close();
    }));

  test("CVE-2023-28858 (redis-py): another user's row is not given, its connection is dropped, nobody is logged out", () =>
    through(async (proxy, url) => {
      const clock = new Clock();
      const store = await mysql({ dsn: url, poolSize: 1 }).connect(clock);
      const [key, mine] = [newKey(), newRecord(clock.now())];
      await store.create(key, mine);
      await store.read(key);
      const before = proxy.connections;
      void proxy.nextAnswer((bytes, wire) => {
        const at = bytes.indexOf(Buffer.from(key, "hex"));
        expect(at).toBeGreaterThan(0);
        bytes.set(randomBytes(32), at);
        wire.pass(bytes, "server");
      });
      expect(await store.read(key)).toEqual(mine);
      expect(proxy.connections).toBe(before + 1);
      await store.close();
    }));
});

describeWithServer("sizes", () => {
  test("what max_allowed_packet has no room for is SESS_TOO_LARGE before it is sent, and the connection goes on", async () => {
    const server = await startMysql("--max-allowed-packet=1M");
    const clock = new Clock();
    const proxy = new TcpProxy(server.port);
    const port = await proxy.listen();
    const sent = () => [...proxy.wires].reduce((sum, wire) => sum + wire.sent.client, 0);
    const store = await mysql(`root@tcp(127.0.0.1:${port})/sess`).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    await store.create(key, record);
    const before = sent();
    const large = newRecord(clock.now(), { data: "\u20ac".repeat(350_000) });
    await expect(store.create(newKey(), large)).rejects.toMatchObject({ code: "SESS_TOO_LARGE" });
    await expect(store.update(key, large, record.version)).rejects.toMatchObject({ code: "SESS_TOO_LARGE" });
    expect(before).toBeGreaterThan(0);
    expect(sent()).toBe(before);
    const most = newRecord(clock.now(), { data: "x".repeat(2 ** 20 - 2000) });
    expect(await store.update(key, most, record.version)).toEqual({ written: true });
    expect(await store.read(key)).toEqual(most);
    await store.close();
    await proxy.close();
    await server.stop();
  });

  test("a limit that was lowered since is SESS_TOO_LARGE from the server, and one that was raised is not missed", async () => {
    const server = await startMysql("--max-allowed-packet=64M");
    const admin = adminPool(server.url);
    const clock = new Clock();
    const store = await mysql({ dsn: server.url, poolSize: 1 }).connect(clock);
    const [key, huge] = [newKey(), newRecord(clock.now(), { data: "x".repeat(17 * 2 ** 20) })];
    expect(await store.create(key, huge)).toBe(true);
    expect(await store.read(key)).toEqual(huge);
    await admin.query("SET GLOBAL max_allowed_packet = 1048576");
    const fresh = await admin.getConnection();
    const [[id]] = (await fresh.query(
      "SELECT GROUP_CONCAT(id) ids FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID() AND user = 'root'",
    )) as unknown as [[{ ids: string }]];
    for (const each of id?.ids.split(",") ?? []) await fresh.query(`KILL ${Number(each)}`).catch(() => {});
    fresh.destroy();
    await store.read(newKey());
    const error = await store.create(newKey(), huge).catch((reason: { code?: string }) => reason.code);
    // Before the server says so it may have cut the connection: then the outcome is as good as unknown.
    expect(["SESS_TOO_LARGE", "SESS_UNAVAILABLE"]).toContain(error);
    expect(await store.create(newKey(), newRecord(clock.now()))).toBe(true);
    await store.close();
    await admin.end();
    await server.stop();
  });
});

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
