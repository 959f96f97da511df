import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cableOut } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { type PostgresConfig, postgres } from "../src/provider.js";
import { freePort, startPostgres } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord } from "./support.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const opensslIsThere = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

const works = async (config: PostgresConfig | string) => {
  const clock = new Clock();
  const store = await postgres(config).connect(clock);
  const [key, record] = [newKey(), newRecord(clock.now())];
  expect(await store.create(key, record)).toBe(true);
  expect(await store.read(key)).toEqual(record);
  await store.close();
};

describeWithServer("ways to connect", () => {
  test("a URL with a hostile password; typed options; a Unix socket", async () => {
    const server = await startPostgres();
    const admin = adminPool(server.url);
    const password = "p@ss/w:o(r)d?x=y&z#%41'\"\\ \u00e9";
    await admin.query("CREATE ROLE ada SUPERUSER LOGIN");
    await admin.query(`ALTER ROLE ada PASSWORD ${`'${password.replaceAll("'", "''")}'`}`);
    await works(`postgres://ada:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres`);
    await works({ host: "127.0.0.1", port: server.port, user: "ada", password, database: "postgres" });
    await works({ host: server.directory, port: server.port, user: "ada", database: "postgres", prepare: false });
    await works(`postgres:///postgres?host=${server.directory}&port=${server.port}&user=ada`);
    await admin.end();
    await server.stop();
  });

  test.skipIf(!opensslIsThere)("TLS, never to a server that nobody vouches for, and never in the clear", async () => {
    const directory = await mkdtemp(join(tmpdir(), "sess-postgres-tls-"));
    await chmod(directory, 0o755);
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject]);
    await chmod(key, 0o600);
    const nobody = Number((await run("id", ["-u", "nobody"])).stdout);
    if (process.getuid?.() === 0) await chown(key, nobody, nobody);
    const files = [`ssl_cert_file=${cert}`, `ssl_key_file=${key}`, "ssl=on"];
    const server = await startPostgres(...files.flatMap((setting) => ["-c", setting]));
    const to = { port: server.port, host: "localhost", user: "postgres", database: "postgres" };
    const ca = await readFile(cert);
    await works({ ...to, tls: { ca } });
    await works(`postgres://postgres@localhost:${server.port}/postgres?sslmode=require`);
    const unverified = { code: "SESS_UNAVAILABLE", cause: { message: /self-signed certificate/ } };
    await expect(works({ ...to, tls: true })).rejects.toMatchObject(unverified);
    const full = `postgres://postgres@localhost:${server.port}/postgres?sslmode=verify-full`;
    await expect(works(full)).rejects.toMatchObject(unverified);
    const misnamed = { ...to, host: "127.0.0.1", tls: { ca } };
    await expect(works(misnamed)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    await works({ ...misnamed, tls: { ca, checkServerIdentity: () => undefined } });
    await server.stop();
    const plain = await startPostgres();
    await expect(works({ url: plain.url, tls: { ca } })).rejects.toMatchObject({ code: "SESS_CONFIG" });
    await plain.stop();
    await rm(directory, { recursive: true });
  });

  test("a process that uses it ends after close, and after a failure to connect; nothing is printed", async () => {
    const server = await startPostgres();
    const hole = new TcpProxy(server.port);
    await hole.begin(cableOut);
    const ports = [await freePort(), await hole.listen()];
    const code = `import { postgres } from "@sess/postgres/provider"; const context = { now: Date.now, contract: 1 };
      const store = await postgres(${JSON.stringify(server.url)}).connect(context);
      await store.count();
      await store.close();
      for (const port of [${ports}]) {
        await postgres({ host: "127.0.0.1", port, timeout: 300 }).connect(context).catch((error) => console.log(error.code));
      }`;
    const args = ["--import", "tsx", "--conditions=@sess/source", "--input-type=module", "--eval", code];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: here, timeout: 50_000 });
    expect(stdout).toBe("SESS_UNAVAILABLE\nSESS_UNAVAILABLE\n");
    expect(stderr).toBe("");
    await hole.close();
    await server.stop();
  });

  test("what postgres says is in the error when it does not start", async () => {
    await expect(startPostgres("-c", "no_such_option=1")).rejects.toThrow(/no_such_option/);
  });
});

describeWithServer("answers that are lost or changed on the way", () => {
  test("a write whose answer is lost is unknown; sent again it is recognised, and nothing is written twice", async () => {
    const server = await startPostgres();
    const proxy = new TcpProxy(server.port);
    const clock = new Clock();
    const store = await postgres({ url: server.url, port: await proxy.listen(), poolSize: 1 }).connect(clock);
    const [key, first, second] = [newKey(), newRecord(clock.now()), newRecord(clock.now(), { data: "2" })];
    await store.create(newKey(), first);
    let lost = proxy.loseNextAnswer();
    const created = expect(store.create(key, first)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    await Promise.all([lost, created]);
    expect(await store.create(key, first)).toBe(false);
    lost = proxy.loseNextAnswer();
    const updated = expect(store.update(key, second, first.version)).rejects.toMatchObject({
      code: "SESS_UNAVAILABLE",
    });
    await Promise.all([lost, updated]);
    expect(await store.update(key, second, first.version)).toEqual({ written: false, current: second });
    await store.close();
    await proxy.close();
    await server.stop();
  });

  test("CVE-2023-28858 (redis-py): another user's row is not given, its connection is dropped, nobody is logged out", async () => {
    const server = await startPostgres();
    const proxy = new TcpProxy(server.port);
    const clock = new Clock();
    const store = await postgres({ url: server.url, port: await proxy.listen(), poolSize: 1 }).connect(clock);
    const [key, mine] = [newKey(), newRecord(clock.now())];
    await store.create(key, mine);
    await store.read(key);
    const before = proxy.connections;
    void proxy.nextAnswer((bytes, wire) => {
      const at = bytes.indexOf(key);
      expect(at).toBeGreaterThan(0);
      bytes.write(newKey(), at);
      wire.pass(bytes, "server");
    });
    expect(await store.read(key)).toEqual(mine);
    expect(proxy.connections).toBe(before + 1);
    await store.close();
    await proxy.close();
    await server.stop();
  });
});
