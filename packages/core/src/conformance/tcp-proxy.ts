import type { Socket } from "node:net";
import type { Outage, OutageMode } from "./outage.js";

/** A proxy between a provider and its server. */
export interface TcpProxy {
  /** The port on 127.0.0.1 to which the provider must connect. */
  readonly port: number;
  /** For the option of the same name. */
  readonly outage: Outage;
  /** Closes all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of a TCP server that can fail as a network does. While it is silent, it keeps the data of
 * both sides and delivers it afterwards: a late answer must not be taken for another call's. Needs `node:net`.
 */
export async function tcpProxy(server: { readonly host?: string; readonly port: number }): Promise<TcpProxy> {
  const { connect, createServer } = await import("node:net");
  const sockets = new Set<Socket>();
  let mode: OutageMode | "up" = "up";

  function link(from: Socket, to: Socket): void {
    sockets.add(from);
    from.on("error", () => {});
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on("data", (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => {
      if (mode !== "silent") from.resume();
    });
    if (mode === "silent") from.pause();
  }

  const listener = createServer((near) => {
    if (mode === "down") return near.destroy();
    const far = connect({ host: server.host ?? "127.0.0.1", port: server.port, noDelay: true });
    link(near.setNoDelay(), far);
    link(far, near);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  return {
    port: address.port,
    async outage(next) {
      mode = next;
      for (const socket of sockets) next === "down" ? socket.destroy() : socket.pause();
      return async () => {
        mode = "up";
        for (const socket of sockets) socket.resume();
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
