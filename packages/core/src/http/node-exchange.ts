import type { Session } from "../session/session.js";
import type { ResponseHead } from "./head.js";
import type { SessionResponse } from "./response-commit.js";

/** One request of node:http in a framework that can act before the response leaves. */
export class NodeExchange<D extends object> {
  readonly #response: SessionResponse;
  readonly #load: () => Promise<Session<D>>;
  #session: Promise<Session<D>> | undefined;

  constructor(response: SessionResponse, load: () => Promise<Session<D>>) {
    this.#response = response;
    this.#load = load;
  }

  session(): Promise<Session<D>> {
    this.#session = this.#load();
    return this.#session;
  }

  async respond(status: number, head: ResponseHead): Promise<void> {
    if (this.#session === undefined) return;
    // If loading failed, the handler has got the error, and there is nothing to store.
    await this.#session.catch(() => {});
    try {
      const stored = this.#response.store(status);
      if (stored !== undefined) await stored;
    } catch (error) {
      await this.#response.abandon();
      throw error;
    }
    this.#response.addHeaders(head);
  }
}
