import { conformance, type TcpProxy, tcpProxy } from "@sess/core/conformance";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { afterAll, beforeAll, test } from "vitest";
import { redis } from "../src/provider.js";
import { describeWithUrl } from "./support.js";

const serverClock = "redis removes what has expired by TTLs of its own clock";

describeWithUrl("conformance", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let proxy: TcpProxy;
  let url: string;
  let six: Redis;
  let five: Redis5;
  beforeAll(async () => {
    server = await start();
    const there = new URL(server.url);
    proxy = await tcpProxy({ host: there.hostname, port: Number(there.port || 6379) });
    url = Object.assign(there, { host: `127.0.0.1:${proxy.port}` }).href;
    six = new Redis(url, { keyPrefix: "app:" });
    five = new Redis5(url, { enableAutoPipelining: true });
    // An outage is an event of theirs, too.
    for (const client of [six, five]) client.on("error", () => {});
  }, 150_000);
  afterAll(async () => {
    six.disconnect();
    five.disconnect();
    await proxy.close();
    await server.stop();
  });

  conformance(test, {
    name: "own connection",
    open: ({ namespace, now }) => redis({ url, prefix: namespace, commandTimeout: 5000 }).connect({ now, contract: 1 }),
    serverClock,
    outage: (mode) => proxy.outage(mode),
  });

  conformance(test, {
    name: "ioredis 6 with a keyPrefix",
    open: ({ namespace, now }) =>
      redis({ client: six, prefix: namespace, commandTimeout: 5000 }).connect({ now, contract: 1 }),
    serverClock,
    outage: (mode) => proxy.outage(mode),
  });

  conformance(test, {
    name: "ioredis 5 with automatic pipelining",
    open: ({ namespace, now }) =>
      redis({ client: five, prefix: namespace, commandTimeout: 5000 }).connect({ now, contract: 1 }),
    serverClock,
    outage: (mode) => proxy.outage(mode),
  });
});
