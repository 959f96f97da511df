import type { Session } from "../session/session.js";
import { errorText } from "./error-text.js";
import type { Head } from "./head.js";
import type { SessionResponse } from "./response.js";

/** One request of the Fetch standard and the response to it. */
export class FetchExchange<D extends object> {
  readonly #response: SessionResponse<D>;
  readonly #load: () => Promise<Session<D>>;
  #session: Promise<Session<D>> | undefined;

  constructor(response: SessionResponse<D>, load: () => Promise<Session<D>>) {
    this.#response = response;
    this.#load = load;
  }

  /** The request's session, loaded when it is first asked for. */
  session(): Promise<Session<D>> {
    if (this.#session === undefined) {
      this.#session = this.#load();
      this.#session.catch(() => {
        this.#session = undefined;
      });
    }
    return this.#session;
  }

  /** The response with what the session adds to it, once the session is stored; an error response when it is not. */
  async respond(response: Response): Promise<Response> {
    if (this.#session === undefined) {
      this.#response.headersGone();
      return response;
    }
    const headers = new Headers(response.headers);
    try {
      await this.#session;
      await this.#response.beforeHeaders(response.status, headOf(headers));
    } catch (error) {
      return this.fail(error);
    }
    return withHeaders(response, headers);
  }

  /** The response to a request whose handler threw, with what was stored before that. */
  async fail(error: unknown): Promise<Response> {
    const headers = new Headers({ "Content-Type": "text/plain; charset=utf-8" });
    await (await this.#session?.catch(() => undefined))?.discardForResponse();
    await this.#response.whenNothingRuns(() => {});
    const status = this.#response.failed(error, headOf(headers));
    return new Response(errorText(status, "The request failed."), { status, headers });
  }
}

function headOf(headers: Headers): Head {
  return {
    getHeader: (name) => (name === "Set-Cookie" ? headers.getSetCookie() : (headers.get(name) ?? undefined)),
    setHeader: (name, value) => {
      headers.delete(name);
      for (const each of typeof value === "string" ? [value] : value) headers.append(name, each);
    },
  };
}

/** The same response where its headers may be changed, and a copy where they are immutable, as a redirect's are. */
function withHeaders(response: Response, headers: Headers): Response {
  // 101 and network errors cannot be made again, and nothing can be added to them.
  if (response.status < 200) return response;
  try {
    for (const [name] of headers) response.headers.delete(name);
    for (const [name, value] of headers) response.headers.append(name, value);
    return response;
  } catch {
    const { status, statusText, body } = response;
    return new Response(body, { status, statusText, headers });
  }
}
