import type { ErrorResponder } from "../config/options.js";
import { report } from "../diagnostics.js";
import { errorText } from "../errors.js";
import type { Session } from "../session/session.js";
import { failureStatus, statusOf } from "./failure.js";
import type { ResponseHead } from "./head.js";
import type { SessionResponse } from "./response-commit.js";
import { signalIn } from "./thrown.js";

/** Asks the application for the response to an error. */
type AskApplication = (error: unknown) => ReturnType<ErrorResponder>;

/** One request of the Fetch standard and the response to it. */
export class FetchExchange<D extends object> {
  readonly #response: SessionResponse;
  readonly #load: () => Promise<Session<D>>;
  readonly #onError: AskApplication | undefined;
  #session: Promise<Session<D>> | undefined;
  /** Whether the answer may depend on the session, or on the reason why there is none. */
  #isAsked = false;

  constructor(response: SessionResponse, load: () => Promise<Session<D>>, onError: AskApplication | undefined) {
    this.#response = response;
    this.#load = load;
    this.#onError = onError;
  }

  /** The request's session, loaded when it is first requested. */
  session(): Promise<Session<D>> {
    this.#isAsked = true;
    if (this.#session === undefined) {
      this.#session = this.#load();
      this.#session.catch((error: unknown) => {
        this.#session = undefined;
        this.#response.notLoaded(error);
      });
    }
    return this.#session;
  }

  /** Stores the session and adds its headers to the response; an error response if storing fails. */
  async respond(response: Response): Promise<Response> {
    if (!isResponse(response))
      return this.fail(new TypeError("the handler answered with something that is no Response"));
    if (!this.#isAsked) {
      this.#response.noMoreCookies();
      return response;
    }
    try {
      await this.#session;
      // A response with status 101 or a network error cannot be copied or changed, so it is too late for a cookie.
      if (response.status < 200) this.#response.noMoreCookies();
      await this.#response.store(response.status);
      if (response.status < 200) {
        this.#losesCookie();
        return response;
      }
      const headers = new Headers(response.headers);
      this.#response.addHeaders(headOf(headers));
      return withHeaders(response, headers);
    } catch (error) {
      abandon(response);
      return this.fail(error);
    }
  }

  /**
   * The response to a request whose handler threw. If the thrown value is a framework's redirect or error, the session
   * is stored for its status and the value is thrown again.
   */
  async caught(error: unknown): Promise<Response> {
    // In frameworks that answer by throwing a response, it is a normal answer.
    if (isResponse(error)) return this.respond(error);
    const answer = await this.#ask(error);
    if (answer !== undefined) return this.respond(answer);
    const signal = signalIn(error);
    if (signal === undefined) return this.#failBy(error, undefined);
    try {
      await this.#session?.catch(() => {});
      await this.#response.store(signal.status);
    } catch (failure) {
      return this.fail(failure);
    }
    this.#losesCookie();
    throw error;
  }

  /** The error response, with the changes that were stored before the failure. Never rejects. */
  async fail(error: unknown): Promise<Response> {
    return this.#failBy(error, await this.#ask(error));
  }

  async #failBy(error: unknown, answer: Response | undefined): Promise<Response> {
    try {
      await this.#session?.catch(() => {});
      await this.#response.abandon(error);
      const status = answer === undefined ? failureStatus(error) : answer.status;
      const headers = new Headers(answer?.headers ?? { "Content-Type": "text/plain; charset=utf-8" });
      this.#response.addHeaders(headOf(headers));
      if (answer !== undefined) return withHeaders(answer, headers);
      return new Response(errorText(status, "The request failed."), { status, headers });
    } catch (second) {
      if (answer !== undefined) abandon(answer);
      report(second);
      return new Response(errorText(500, "The request failed."), { status: statusOf(error) });
    }
  }

  /** The application's answer to an error, if it has one. */
  async #ask(error: unknown): Promise<Response | undefined> {
    try {
      const answer = await this.#onError?.(error);
      return isResponse(answer) ? answer : undefined;
    } catch (second) {
      report(second);
      return undefined;
    }
  }

  #losesCookie(): void {
    if (!this.#response.leavesWithoutHead()) return;
    const instead = "return a Response, or make one of it in onError";
    report(new Error(`the session's new cookie could not be sent with what the handler answered by: ${instead}`));
  }
}

/** Releases the resources of a body that will not be sent, such as an open file. Never throws. */
function abandon({ body }: Response): void {
  // The body of a polyfill may be a stream of Node.
  if (typeof body?.cancel !== "function") return;
  body.cancel().catch(() => {}); // Somebody else reads it, and lets go of it.
}

/** Also true for a response of another realm or of a polyfill. */
export function isResponse(value: unknown): value is Response {
  try {
    if (value instanceof Response) return true;
    if (typeof value !== "object" || value === null || value instanceof Error) return false;
    const { status, headers, body } = value as Partial<Response>;
    return typeof status === "number" && body !== undefined && typeof headers?.getSetCookie === "function";
  } catch {
    return false; // A getter or a trap that throws.
  }
}

function headOf(headers: Headers): ResponseHead {
  return {
    getHeader: (name) => (name === "Set-Cookie" ? headers.getSetCookie() : (headers.get(name) ?? undefined)),
    setHeader: (name, value) => headers.set(name, value),
    appendHeader: (name, value) => headers.append(name, value),
  };
}

/**
 * The same response if its headers may be changed; a copy if they are immutable, as those of a redirect are. A response
 * without a body is copied too: it may be a constant of the application, and the next client must not get this client's
 * cookie.
 */
function withHeaders(response: Response, headers: Headers): Response {
  const { status, statusText, body } = response;
  if (body === null) return new Response(null, { status, statusText, headers });
  try {
    for (const [name] of headers) response.headers.delete(name);
    for (const [name, value] of headers) response.headers.append(name, value);
    return response;
  } catch {
    return new Response(body, { status, statusText, headers });
  }
}
