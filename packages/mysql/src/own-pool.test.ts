import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "mysql2";
import { expect, onTestFinished, test } from "vitest";
import { mysql } from "./provider.js";

/** The server's end of a connection, of which mysql2 declares no types. */
interface Served {
  readonly stream: Socket;
  on(event: string, listener: () => void): void;
  serverHandshake(greeting: object): void;
  writeOk(): void;
}

const greeting = {
  protocolVersion: 10,
  serverVersion: "8.0.1",
  connectionId: 1,
  statusFlags: 2,
  characterSet: 8,
  // All but TLS.
  capabilityFlags: 0xff_f7_ff,
};

test("connecting ends at its deadline, also while a second connection is being made, and leaves nothing open", async () => {
  const timeout = 3000;
  const sockets: Socket[] = [];
  // The first answers until most of the time has passed, and is lost; of the second nothing is ever heard.
  const server = createServer((given) => {
    const served = given as unknown as Served;
    sockets.push(served.stream);
    served.on("error", () => {});
    if (sockets.length > 1) return;
    served.on("query", () => served.writeOk());
    served.serverHandshake(greeting);
    setTimeout(() => served.stream.resetAndDestroy(), 0.8 * timeout);
  }) as unknown as { _server: Server; listen(port: number, host: string): void };
  server.listen(0, "127.0.0.1");
  await once(server._server, "listening");
  onTestFinished(() => void server._server.close());
  const { port } = server._server.address() as AddressInfo;
  const begun = performance.now();
  const connected = mysql({ host: "127.0.0.1", port, user: "ada", timeout }).connect({ now: Date.now, contract: 1 });
  await expect(connected).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  // The driver gives a connection as much time again: until 5.4 s.
  expect(performance.now() - begun).toBeLessThan(1.5 * timeout);
  expect(sockets).toHaveLength(2);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, "close")));
});
