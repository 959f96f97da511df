import { conformance } from "@sess/core/conformance";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { afterAll, beforeAll, test } from "vitest";
import { redis } from "../src/provider.js";
import { describeWithUrl } from "./support.js";

const serverClock = "redis removes what has expired by TTLs of its own clock";

describeWithUrl("conformance", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let six: Redis;
  let five: Redis5;
  beforeAll(async () => {
    server = await start();
    six = new Redis(server.url, { keyPrefix: "app:" });
    five = new Redis5(server.url, { enableAutoPipelining: true });
  }, 150_000);
  afterAll(async () => {
    six.disconnect();
    five.disconnect();
    await server.stop();
  });

  conformance(test, {
    name: "own connection",
    open: ({ namespace, now }) => redis({ url: server.url, prefix: namespace }).connect({ now, contract: 1 }),
    serverClock,
  });

  conformance(test, {
    name: "ioredis 6 with a keyPrefix",
    open: ({ namespace, now }) => redis({ client: six, prefix: namespace }).connect({ now, contract: 1 }),
    serverClock,
  });

  conformance(test, {
    name: "ioredis 5 with automatic pipelining",
    open: ({ namespace, now }) => redis({ client: five, prefix: namespace }).connect({ now, contract: 1 }),
    serverClock,
  });
});
