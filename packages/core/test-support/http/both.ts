import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Stage } from "../stage.js";
import { exchange, type RawResponse, requestOf, responsesIn } from "./raw-client.js";

/** A handler that notes what it was told by the response. */
export type LoggingHandler = (req: IncomingMessage, res: ServerResponse, log: (entry: string) => void) => unknown;

/** What was seen of one run: from outside, and by the handler. */
export interface Seen {
  readonly responses: readonly RawResponse[];
  readonly log: readonly string[];
}

/**
 * How a session takes part: `read` is one that changes nothing, whose response waits for nothing; `stored` and `slow`
 * have the response wait for the session to be stored, for a moment and for a few milliseconds.
 */
export const ways = ["read", "stored", "slow"] as const;
export type Way = (typeof ways)[number];

/** The same handler on a bare server and on one whose responses have a session. */
export class Both {
  readonly #servers: Server[] = [];
  #handler: LoggingHandler = (_req, res) => res.end();
  #way: Way = "read";
  #log: string[] = [];
  #done: Promise<unknown> = Promise.resolve();

  /** Rejects nothing, and leaves two servers listening until {@link close}. */
  async open(): Promise<{ bare: number; held: number }> {
    const stage = new Stage();
    const manager = await stage.manager();
    const bare = await this.#listen((req, res) => this.#run(req, res));
    const held = await this.#listen(async (req, res) => {
      stage.delay = this.#way === "slow" ? 5 : 0;
      const session = await manager.start(req, res);
      if (this.#way !== "read") session.set("n", 1);
      this.#run(req, res);
    });
    return { bare, held };
  }

  /** What is seen of a handler at one of the two ports. */
  async see(port: number, way: Way, handler: LoggingHandler, method = "GET"): Promise<Seen> {
    this.#handler = handler;
    this.#way = way;
    this.#log = [];
    const log = this.#log;
    const text = await exchange(port, requestOf(method, "/"));
    // The response may be complete before the handler is, which goes on to log.
    await this.#done;
    const responses = responsesIn(text, [method]).map((response) => ({
      ...response,
      headers: response.headers.filter((line) => !isOurs(line)),
    }));
    return { responses, log };
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #run(req: IncomingMessage, res: ServerResponse): void {
    const log = this.#log;
    const note = (error: unknown) => log.push(`threw ${(error as { code?: string }).code ?? error}`);
    res.on("error", () => {}); // As a write after the end has it: it would end the process.
    const handle = async () => this.#handler(req, res, (entry) => log.push(entry));
    this.#done = handle().catch(note);
  }

  async #listen(listener: (req: IncomingMessage, res: ServerResponse) => void): Promise<number> {
    const server = createServer(listener);
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
}

function isOurs(line: string): boolean {
  return line === "Vary: Cookie" || line === "Cache-Control: no-store" || line.startsWith("Set-Cookie: sessionid=");
}
