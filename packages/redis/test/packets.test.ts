import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { TcpProxy, type Wire } from "../../../torture/wire/proxy.js";
import { redis } from "../src/provider.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { Clock, describeWithServer, newKey, newRecord } from "./support.js";

describeWithServer("what leaves for the server", () => {
  let server: PrivateRedis;
  let proxy: TcpProxy;
  const clock = new Clock();
  beforeAll(async () => {
    server = await startRedis();
    proxy = new TcpProxy(server.port);
  }, 150_000);
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  /** The packets that the client sends, as the wire hands them on. */
  async function packets(): Promise<Buffer[]> {
    const sent: Buffer[] = [];
    const strike = (wire: Wire) => ({
      take(bytes: Buffer, from: "client" | "server") {
        if (from === "client") sent.push(bytes);
        wire.pass(bytes, from);
      },
    });
    await proxy.begin({ strike });
    return sent;
  }

  test("the commands of one turn of the event loop leave together, on a connection of our own", async () => {
    const store = await redis({ port: await proxy.listen() }).connect(clock);
    const keys = Array.from({ length: 20 }, newKey);
    for (const key of keys) await store.create(key, newRecord(clock.now(), { data: key }));
    const sent = await packets();
    const read = await Promise.all(keys.map((key) => store.read(key)));
    expect(read.map((record) => record?.data)).toEqual(keys);
    expect(sent).toHaveLength(1);
    // And each by itself where nothing else is asked for.
    for (const key of keys) await store.read(key);
    expect(sent).toHaveLength(1 + keys.length);
    await store.close();
  });

  test("leaves under the fake timers of a test as well", async () => {
    const store = await redis({ port: server.port }).connect(clock);
    vi.useFakeTimers({ toFake: ["setImmediate"] });
    try {
      expect(await store.read(newKey())).toBe(undefined);
    } finally {
      vi.useRealTimers();
    }
    await store.close();
  });
});
