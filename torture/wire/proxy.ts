import { createServer, connect as dial, type Socket } from "node:net";
import { freePort } from "../../packages/core/test-support/free-port.js";

export type Side = "client" | "server";

/** Handles the bytes of one connection. */
export interface Handler {
  /** Bytes from a side. {@link Wire.pass} sends them to the other one. */
  take(bytes: Buffer, from: Side): void;
  /** The fault is over: bytes held back are sent on. Without this method the connection never recovers. */
  lift?: (() => void) | undefined;
  /** Whether the client does not even learn that the server has closed. */
  readonly silent?: boolean;
}

/** A network fault. */
export interface Fault {
  /** Whether connections are refused, and those that are open are reset. */
  readonly refuses?: boolean;
  /** Called for each open connection and for each new one; `undefined` leaves the connection unchanged. */
  strike?(wire: Wire, isNew: boolean): Handler | undefined;
}

/** One connection through a {@link TcpProxy}. */
export class Wire {
  readonly #client: Socket;
  readonly #server: Socket;
  handler: Handler | undefined;
  /** Bytes that each side has sent. */
  readonly sent: Record<Side, number> = { client: 0, server: 0 };

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    for (const [side, socket, other] of [
      ["client", client, server],
      ["server", server, client],
    ] as const) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        if (side === "client" || !this.handler?.silent) other.destroy();
      });
      socket.on("data", (bytes: Buffer) => {
        this.sent[side] += bytes.length;
        if (this.handler) this.handler.take(bytes, side);
        else this.pass(bytes, side);
      });
    }
  }

  get over(): boolean {
    return this.#client.destroyed;
  }

  /** Sends the bytes of a side to the other, whatever the fault. */
  pass(bytes: Buffer, from: Side, done?: () => void): void {
    const to = from === "client" ? this.#server : this.#client;
    if (to.writable) to.write(bytes, done);
    else done?.();
  }

  /** RST to both sides. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  /** FIN to the client, after what was passed to it. */
  finish(): void {
    this.#client.end();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }
}

/** A TCP proxy to a server on this machine, for network failures that a server cannot simulate. */
export class TcpProxy {
  /** The port of the server that the next connection leads to. */
  target: number;
  /** Connections since it began. */
  connections = 0;
  /** The present fault of the network. */
  #fault: Fault | undefined;
  readonly #wires = new Set<Wire>();
  readonly #server = createServer((client) => this.#accept(client));
  #port = 0;

  constructor(target: number) {
    this.target = target;
  }

  /** Resolves to the port to connect to: the same each time. */
  async listen(): Promise<number> {
    if (this.#server.listening) return this.#port;
    // While connections are refused, the port is free, and no other process may take it.
    this.#port ||= await freePort();
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return this.#port;
  }

  /** Connections that are open now. */
  get wires(): ReadonlySet<Wire> {
    return this.#wires;
  }

  /** Applies a fault from now on. */
  async begin(fault: Fault): Promise<void> {
    this.#fault = fault;
    for (const wire of this.#wires) {
      if (fault.refuses) wire.reset();
      else wire.handler = fault.strike?.(wire, false);
    }
    if (fault.refuses) await this.#stopListening();
  }

  /** Ends the fault; connections that cannot recover stay dead. */
  async lift(): Promise<void> {
    const refused = this.#fault?.refuses;
    this.#fault = undefined;
    for (const wire of this.#wires) {
      if (wire.handler?.lift === undefined) continue;
      wire.handler.lift();
      wire.handler = undefined;
    }
    if (refused) await this.listen();
  }

  /** The next bytes from a server go to `take` instead of the client; then the fault ends, and the promise resolves. */
  nextAnswer(take: (bytes: Buffer, wire: Wire) => void): Promise<void> {
    return new Promise((resolve) => {
      const strike = (wire: Wire): Handler => ({
        take: (bytes, from) => {
          if (from === "client") {
            wire.pass(bytes, from);
            return;
          }
          void this.lift();
          take(bytes, wire);
          resolve();
        },
        lift: () => {},
      });
      void this.begin({ strike });
    });
  }

  /** The next answer is lost, with its connection; the server has executed the call. */
  loseNextAnswer(): Promise<void> {
    return this.nextAnswer((_bytes, wire) => wire.destroy());
  }

  /** Replaces the next answer by this one, as on a connection whose answers have shifted; resolves then. */
  replaceNextAnswer(stray: string): Promise<void> {
    return this.nextAnswer((_bytes, wire) => wire.pass(Buffer.from(stray), "server"));
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.destroy();
    if (this.#server.listening) await this.#stopListening();
  }

  #accept(client: Socket): void {
    const wire = new Wire(client, dial(this.target, "127.0.0.1"));
    this.connections++;
    this.#wires.add(wire);
    client.on("close", () => this.#wires.delete(wire));
    wire.handler = this.#fault?.strike?.(wire, true);
  }

  #stopListening(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
