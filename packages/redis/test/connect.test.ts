import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { createClient as createClient5 } from "redis5";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RedisConfig, redis } from "../src/provider.js";
import { freePort, startRedis } from "./server.js";
import { Clock, describeWithServer, newKey, newRecord } from "./support.js";

const run = promisify(execFile);
const opensslIsThere = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

describeWithServer("ways to connect", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "sess-redis-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const works = async (config: RedisConfig | string) => {
    const clock = new Clock();
    const store = await redis(config).connect(clock);
    const [key, record] = [newKey(), newRecord(clock.now())];
    expect(await store.create(key, record)).toBe(true);
    expect(await store.read(key)).toEqual(record);
    await store.close();
    return `sess:${key}`;
  };

  test("the seed's string, with a password and a database", async () => {
    const server = await startRedis("--requirepass", "astaxie");
    const name = await works(`127.0.0.1:${server.port},100,astaxie,3,180`);
    const admin = new Redis(server.port, { password: "astaxie", db: 3 });
    expect(await admin.exists(name)).toBe(1);
    await works(`redis://:astaxie@127.0.0.1:${server.port}/4`);
    admin.disconnect();
    await server.stop();
  });

  test("a user, and a Unix socket", async () => {
    const path = join(directory, "redis.sock");
    const server = await startRedis("--unixsocket", path, "--user", ..."ada on >secret ~* +@all".split(" "));
    await works({ path });
    await works({ path, username: "ada", password: "secret" });
    await server.stop();
  });

  /** A certificate authority of our own, and a server's certificate that it signed. */
  const certificates = async () => {
    const file = (name: string) => join(directory, name);
    const openssl = (...args: string[]) => run("openssl", args);
    const newKey = ["-newkey", "rsa:2048", "-nodes"];
    await openssl("req", "-x509", ...newKey, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/CN=our own");
    await openssl("req", ...newKey, "-keyout", file("key.pem"), "-out", file("csr.pem"), "-subj", "/CN=localhost");
    await writeFile(file("san"), "subjectAltName=DNS:localhost");
    const signing = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("san")];
    await openssl("x509", "-req", "-in", file("csr.pem"), ...signing, "-out", file("cert.pem"), "-days", "2");
    const files = ["--tls-cert-file", file("cert.pem"), "--tls-key-file", file("key.pem")];
    return { ca: await readFile(file("ca.pem")), args: [...files, "--tls-ca-cert-file", file("ca.pem")] };
  };

  describe.skipIf(!opensslIsThere)("TLS with an authority of our own, and a user with rights", () => {
    const start = async () => {
      const { ca, args } = await certificates();
      const port = await freePort();
      const user = "ada on >secret ~sess:* +@all -@dangerous +info".split(" ");
      const tls = ["--tls-port", String(port), ...args, "--tls-auth-clients", "no"];
      return { ca, port, server: await startRedis(...tls, "--user", "default", "off", "--user", ...user) };
    };

    test("through our own connection, and never to a server that nobody vouches for or of another name", async () => {
      const { ca, port, server } = await start();
      const url = `rediss://ada:secret@localhost:${port}`;
      await works({ url, tls: { ca } });
      await expect(redis(url).connect(new Clock())).rejects.toMatchObject({
        code: "SESS_UNAVAILABLE",
        cause: { code: expect.stringMatching(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO/) },
      });
      const byAddress = redis({ url: `rediss://ada:secret@127.0.0.1:${port}`, tls: { ca } });
      await expect(byAddress.connect(new Clock())).rejects.toMatchObject({
        cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
      });
      const wrong = redis({ url: `rediss://ada:wrong@localhost:${port}`, tls: { ca } });
      await expect(wrong.connect(new Clock())).rejects.toMatchObject({ code: "SESS_CONFIG" });
      await server.stop();
    });

    test.each([
      ["6", createClient],
      ["5", createClient5 as never],
    ] as [string, typeof createClient][])("through node-redis %s", async (_version, create) => {
      const { ca, port, server } = await start();
      const socket = { host: "localhost", port, tls: true as const, ca };
      const client = create({ socket, username: "ada", password: "secret" });
      client.on("error", () => {});
      await client.connect();
      await works({ client });
      client.destroy();
      await server.stop();
    });
  });
});
