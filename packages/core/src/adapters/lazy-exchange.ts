import type { ExchangeOptions } from "../http/request-view.js";
import type { Exchange, Manager } from "../manager/manager.js";
import type { SessionStore } from "../session/session-store.js";

/** The steps of an exchange that begins when the session is first requested: until then, no Manager need be there. */
export class LazyExchange<D extends object> {
  readonly #manager: () => Promise<Manager<D>>;
  readonly #request: Request;
  readonly #options: ExchangeOptions;
  #begun: Exchange<D> | undefined;
  #hasAnswered = false;

  constructor(manager: () => Promise<Manager<D>>, request: Request, options: ExchangeOptions = {}) {
    this.#manager = manager;
    this.#request = request;
    this.#options = options;
  }

  async session(): Promise<SessionStore<D>> {
    const manager = await this.#manager();
    if (this.#begun === undefined) {
      this.#begun = manager.begin(this.#request, this.#options);
      // Requested while the body is being sent: it is too late for a cookie.
      if (this.#hasAnswered) await this.#begun.respond(new Response());
    }
    return this.#begun.session();
  }

  async respond(response: Response): Promise<Response> {
    this.#hasAnswered = true;
    return this.#begun?.respond(response) ?? response;
  }
}
