import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { GCProfiler, type HeapSpaceStatistics } from "node:v8";
import fastify from "fastify";
import { afterEach, expect, test } from "vitest";
import { session } from "../../src/adapters/fastify.js";
import { createManager } from "../../src/index.js";

// Objects that outlive a minor collection are copied twice and wait for a full one. Under load, that costs more than the
// session itself.

const app = fastify();
afterEach(() => app.close());

test("under Fastify, minor collections free the requests that have ended", async () => {
  app.register(session(await createManager("memory")));
  app.get("/", async (request) => {
    const visit = await request.session<{ seen: boolean }>();
    if (!visit.get("seen")) visit.set("seen", true);
    return "seen";
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { headers } = await fetch(app.listeningOrigin);
  const cookie = headers.getSetCookie()[0]?.split(";")[0];

  await load(cookie, 1000);
  const profiler = new GCProfiler();
  profiler.start();
  await load(cookie, 4000);
  const minor = (profiler.stop()?.statistics ?? []).filter(({ gcType }) => gcType === "Scavenge");

  const young = ({ heapSpaceStatistics }: { heapSpaceStatistics: HeapSpaceStatistics[] }) =>
    heapSpaceStatistics.find(({ spaceName }) => spaceName === "new_space")?.spaceUsedSize ?? 0;
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  expect(minor.length).toBeGreaterThan(0);
  const share = sum(minor.map(({ afterGC }) => young(afterGC))) / sum(minor.map(({ beforeGC }) => young(beforeGC)));
  expect(share).toBeLessThan(0.05);
});

/** Sends so many requests, by clients that each wait for their answer. */
async function load(cookie: string | undefined, count: number): Promise<void> {
  const { port } = app.server.address() as { port: number };
  let left = count;
  const visit = async (socket: Socket) => {
    await once(socket, "connect");
    while (left-- > 0) {
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n\r\n`);
      await once(socket, "data");
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 16 }, () => visit(connect(port, "127.0.0.1"))));
}
