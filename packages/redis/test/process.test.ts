import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cableOut } from "../../../torture/wire/faults.js";
import { TcpProxy } from "../../../torture/wire/proxy.js";
import { freePort, type PrivateRedis, startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));

/** Runs a module in a process of its own, which has to come to its end by itself; what it says on both outputs. */
async function runs(body: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const code = `import { redis } from "@sess/redis/provider"; const context = { now: Date.now, contract: 1 }; ${body}`;
  const args = ["--import", "tsx", "--conditions=@sess/source", "--input-type=module", "--eval", code];
  return run(process.execPath, args, { cwd: here, timeout: 20_000 });
}

describeWithServer("a process that uses it", () => {
  let server: PrivateRedis;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  }, 150_000);
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  test("ends after close, and after a failure to connect: nothing is left open, nothing is printed", async () => {
    const hole = new TcpProxy(server.port);
    await hole.begin(cableOut);
    const ports = [await freePort(), await hole.listen()];
    const { stdout, stderr } = await runs(`
      const store = await redis("127.0.0.1:${server.port}").connect(context);
      await store.count();
      await store.close();
      for (const port of [${ports}]) {
        await redis({ port, commandTimeout: 300 }).connect(context).catch((error) => console.log(error.code));
      }`);
    expect(stdout).toBe("SESS_UNAVAILABLE\nSESS_UNAVAILABLE\n");
    expect(stderr).toBe("");
    await hole.close();
  }, 30_000);

  test("is warned once when the server may evict sessions, and not when it does not let us see", async () => {
    const connectTwice = `
      for (const config of [{ port: ${server.port} }, { port: ${server.port} }]) {
        await (await redis(config).connect(context)).close();
      }`;
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    const { stderr } = await runs(connectTwice);
    expect(stderr.match(/SESS_REDIS_EVICTION/g)).toHaveLength(1);
    expect(stderr).toContain("allkeys-lru");
    await admin.acl("SETUSER", "blind", "on", ">pw", "~*", "+@all", "-info", "-config");
    const blind = await runs(`
      const config = { port: ${server.port}, username: "blind", password: "pw" };
      await (await redis(config).connect(context)).close();`);
    expect(blind.stderr).not.toContain("SESS_REDIS_EVICTION");
    await admin.config("SET", "maxmemory-policy", "noeviction");
    expect((await runs(connectTwice)).stderr).toBe("");
  }, 60_000);
});
