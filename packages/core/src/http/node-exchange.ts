import type { Session } from "../session/session.js";
import type { Head } from "./head.js";
import type { SessionResponse } from "./response-commit.js";

/** One request of node:http whose framework has a moment of its own before the response leaves. */
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

  async respond(status: number, head: Head): Promise<void> {
    if (this.#session === undefined) return;
    // What could not be loaded is the handler's to answer for, and there is nothing to store.
    await this.#session.catch(() => {});
    try {
      await this.#response.store(status);
    } catch (error) {
      await this.#response.abandon();
      throw error;
    }
    this.#response.addHeaders(head);
  }
}
