import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** A TCP proxy to a server on this machine, for failures on the way that a server cannot be asked for. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answer: (bytes: Buffer, client: Socket) => void = pass;
  connections = 0;
  /** The port of the server that the next connection leads to. */
  target: number;

  constructor(target: number) {
    this.target = target;
    this.#server = createServer((client) => {
      const upstream = dial(this.target, "127.0.0.1");
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
      client.pipe(upstream);
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

  /** The next command gets this in place of its answer, as on a connection whose answers have shifted. */
  replaceNextAnswer(stray: string): void {
    this.#answer = (_bytes, client) => {
      this.#answer = pass;
      client.write(stray);
    };
  }

  /** From now on nothing passes on the connections there are, and nobody is told: as when a cable is pulled. */
  strand(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.removeAllListeners("data");
      socket.resume();
    }
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
