import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
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

  test.skipIf(!opensslIsThere)("TLS, and never to a server that nobody vouches for", async () => {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject]);
    const port = await freePort();
    const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert];
    const server = await startRedis("--tls-port", String(port), ...files, "--tls-auth-clients", "no");
    const ca = await readFile(cert);
    await works({ url: `rediss://localhost:${port}`, tls: { ca } });
    await expect(redis(`rediss://localhost:${port}`).connect(new Clock())).rejects.toMatchObject({
      code: "SESS_UNAVAILABLE",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    await server.stop();
  });
});
