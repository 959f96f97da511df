import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { postgres } from "./provider.js";

test("connecting ends at its deadline, also while a second connection is being made, and leaves nothing open", async () => {
  const timeout = 3000;
  const sockets: Socket[] = [];
  // The first is lost when most of the time has passed; of the second nothing is ever heard.
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}).resume());
    if (sockets.length === 1) setTimeout(() => socket.resetAndDestroy(), 0.8 * timeout);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const url = `postgres://ada@127.0.0.1:${port}/sess`;
  const begun = performance.now();
  const connected = postgres({ url, timeout }).connect({ now: Date.now, contract: 1 });
  await expect(connected).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  // The driver gives a connection as much time again: until 5.4 s.
  expect(performance.now() - begun).toBeLessThan(1.5 * timeout);
  expect(sockets).toHaveLength(2);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, "close")));
});
