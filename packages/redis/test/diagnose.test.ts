import { Redis } from "ioredis";
import { afterAll, expect, test, vi } from "vitest";
import { type RedisConfig, redis } from "../src/provider.js";
import { startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

// What `sess doctor` says of a server that will surprise somebody.

describeWithServer("diagnose", async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  afterAll(() => {
    vi.restoreAllMocks();
  });

  const findings = async (config: RedisConfig | string, now = Date.now) => {
    const provider = await redis(config).connect({ now, contract: 1 });
    const found = (await provider.diagnose?.()) ?? [];
    await provider.close();
    return Object.fromEntries(found.map(({ subject, state, text }) => [subject, `${state}: ${text}`]));
  };

  test("a server that may evict, a clock that differs, and a caller's client that tells nothing of TLS", async () => {
    const server = await startRedis("--maxmemory", "50mb", "--maxmemory-policy", "volatile-ttl");
    const found = await findings(server.url, () => Date.now() - 30_000);
    expect(found.eviction).toMatch(/^problem: maxmemory-policy is volatile-ttl, with a maxmemory: .*noeviction$/);
    expect(found.clock).toMatch(/^problem: this process is (29|30)\d{3} ms behind the server$/);
    expect(found.server).toMatch(/^fine: version [\d.]+, standalone$/);
    expect(found.TLS).toBe("fine: not needed: the connection does not leave this host");
    const client = new Redis(server.port);
    expect((await findings({ client })).TLS).toBe("unknown: the application's client decides");
    await client.config("SET", "maxmemory-policy", "noeviction");
    expect((await findings({ client })).eviction).toBe("fine: noeviction, with a maxmemory");
    client.disconnect();
    await server.stop();
  });

  test("a server that permits no INFO is unknown, and nothing fails", async () => {
    const server = await startRedis("--user", ..."ada on nopass ~* +@all -info".split(" "));
    const found = await findings(`redis://ada:x@127.0.0.1:${server.port}`);
    expect(found).toEqual({
      server: "unknown: it does not tell its version (INFO is not permitted)",
      eviction: "unknown: the server does not tell its maxmemory-policy",
      TLS: "fine: not needed: the connection does not leave this host",
      clock: "unknown: the server does not tell its time",
    });
    await server.stop();
  });
});
