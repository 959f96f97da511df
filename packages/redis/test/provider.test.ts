import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis } from "../src/provider.js";
import { behaves } from "./behaviour.js";
import { Clock, describeWithUrl, newKey, newRecord } from "./support.js";

describeWithUrl("@sess/redis", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  const clients: (Redis | Redis5)[] = [];
  beforeAll(async () => {
    server = await start();
  }, 150_000);
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server.stop();
  });

  const bring = <T extends Redis | Redis5>(client: T): T => {
    clients.push(client);
    return client;
  };
  // Clients of the caller's are shared by the tests of a kind, as the Managers of one application would.
  const shared = new Map<string, Redis | Redis5>();
  const share = (name: string, make: () => Redis | Redis5) => {
    const client = shared.get(name) ?? bring(make());
    shared.set(name, client);
    return client;
  };
  const keyPrefix = `app*${randomBytes(4).toString("hex")}:`;
  const kinds: Record<string, () => Redis | Redis5> = {
    "ioredis 6": () => new Redis(server.url),
    "ioredis 6, keyPrefix": () => new Redis(server.url, { keyPrefix }),
    "ioredis 6, enableAutoPipelining and keyPrefix": () =>
      new Redis(server.url, { enableAutoPipelining: true, keyPrefix: `${keyPrefix}pipe` }),
    "ioredis 6, RESP2, stringNumbers, no resending": () =>
      new Redis(server.url, { protocol: 2, stringNumbers: true, autoResendUnfulfilledCommands: false }),
    "ioredis 5": () => new Redis5(server.url),
    "ioredis 5, enableAutoPipelining and keyPrefix": () =>
      new Redis5(server.url, { enableAutoPipelining: true, keyPrefix: `${keyPrefix}five` }),
  };

  describe("a connection of its own", () => {
    behaves((prefix, clock) => redis({ url: server.url, prefix }).connect(clock));
  });

  for (const [name, make] of Object.entries(kinds)) {
    describe(name, () => {
      behaves((prefix, clock) => redis({ client: share(name, make), prefix }).connect(clock));

      test("close leaves the caller's client open", async () => {
        const client = share(name, make);
        const store = await redis({ client }).connect(new Clock());
        await store.close();
        expect(await client.ping()).toBe("PONG");
      });
    });
  }

  test("two key prefixes of one server never see each other", async () => {
    const clock = new Clock();
    const prefix = `t${newKey().slice(0, 12)}:`;
    const [left, right] = await Promise.all(
      ["left:", "right:"].map((keyPrefix) =>
        redis({ client: bring(new Redis(server.url, { keyPrefix })), prefix }).connect(clock),
      ),
    );
    const key = newKey();
    await left?.create(key, newRecord(clock.now()));
    expect(await left?.count()).toBe(1);
    expect(await right?.read(key)).toBeUndefined();
    expect(await right?.count()).toBe(0);
  });
});
