import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** A TCP proxy to a server on this machine, for failures on the way that a server cannot be asked for. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answer: (bytes: Buffer, client: Socket) => void = pass;
  #silent = false;
  connections = 0;

  constructor(port: number) {
    this.#server = createServer((client) => {
      const upstream = dial(port, "127.0.0.1");
      this.connections++;
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.on("data", (bytes) => {
        if (!this.#silent) upstream.write(bytes);
      });
      upstream.on("data", (bytes) => this.#answer(bytes, client));
    });
  }

  /** Resolves to the port to connect to. */
  listen(): Promise<number> {
    return listen(this.#server);
  }

  /** The next answer is carried out by the server and lost on the way, with the connection; resolves when it is. */
  loseNextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#answer = (_bytes, client) => {
        this.#answer = pass;
        client.destroy();
        resolve();
      };
    });
  }

  /** The next answer is changed on the way, its length kept. */
  changeNextAnswer(change: (bytes: Buffer) => void): void {
    this.#answer = (bytes, client) => {
      this.#answer = pass;
      change(bytes);
      client.write(bytes);
    };
  }

  /** As when a firewall forgets: each connection that is open is reset when something is sent on it. */
  resetWhatIsOpen(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners("data");
      socket.once("data", () => socket.resetAndDestroy());
    }
  }

  /** As when a cable is pulled: nothing arrives, nobody is told. */
  set silent(silent: boolean) {
    this.#silent = silent;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
    });
  });
}

function pass(bytes: Buffer, client: Socket): void {
  client.write(bytes);
}

/** A server that accepts and never answers. */
export class BlackHole {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket.on("error", () => {}));
    socket.resume();
  });

  /** Resolves to the port to connect to. */
  listen(): Promise<number> {
    return listen(this.#server);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
