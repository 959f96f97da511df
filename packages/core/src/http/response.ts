import type { Settings } from "../config/config.js";
import { report } from "../diagnostics.js";
import { isSessionError } from "../errors.js";
import type { Binding, Session } from "../session/session.js";
import { clearCookie, mergeCacheControl, mergeVary, setCookie } from "./cookies.js";
import type { Head, ResponseGate } from "./head.js";
import { isSecure, type RequestView } from "./request.js";

/** Ties a session to its response: stored before anything of the response is seen, and the cookie that follows. */
export class SessionResponse<D extends object> implements Binding, ResponseGate {
  readonly #request: RequestView;
  readonly #settings: Settings;
  #session: Session<D> | undefined;
  #headersSent: boolean;

  constructor(request: RequestView, settings: Settings, headersSent: boolean) {
    this.#request = request;
    this.#settings = settings;
    this.#headersSent = headersSent;
  }

  get headersSent(): boolean {
    return this.#headersSent;
  }

  /** To be called when a response leaves without having been held: its session was not asked for. */
  headersGone(): void {
    this.#headersSent = true;
  }

  bind(session: Session<D>): void {
    this.#session = session;
  }

  beforeHeaders(status: number, head: Head): void | Promise<void> {
    const stored = status >= 500 ? this.#session?.discardForResponse() : this.#session?.commitForResponse();
    if (stored === undefined) return this.#finishHead(head);
    return stored.then(() => this.#finishHead(head));
  }

  beforeEnd(): void | Promise<void> {
    return this.#session?.releaseForEnd();
  }

  failed(error: unknown, head: Head | undefined): number {
    const status = isSessionError(error) ? error.status : 500;
    if (status >= 500) report(error);
    this.#session?.discard();
    // A new id that was acknowledged is the client's only one: it goes out with the error as well.
    if (head !== undefined) this.#finishHead(head);
    return status;
  }

  #finishHead(head: Head): void {
    this.#headersSent = true;
    const { sidHeader } = this.#settings;
    this.#vary(head, "Cookie");
    if (sidHeader !== undefined) this.#vary(head, sidHeader);
    const session = this.#session;
    if (session?.cookieDue === undefined) return;
    const cookie = session.cookieDue === "set" ? this.#cookieFor(session) : this.#clearing();
    if (cookie !== undefined) head.setHeader("Set-Cookie", [...listOf(head.getHeader("Set-Cookie")), cookie]);
    if (sidHeader !== undefined && session.cookieDue === "set") head.setHeader(sidHeader, session.id);
    head.setHeader("Cache-Control", mergeCacheControl(textOf(head.getHeader("Cache-Control"))));
  }

  #vary(head: Head, field: string): void {
    head.setHeader("Vary", mergeVary(textOf(head.getHeader("Vary")), field));
  }

  #cookieFor(session: Session<D>): string | undefined {
    const { cookieName, enableSetCookie, cookieMaxAge } = this.#settings;
    if (!enableSetCookie) return undefined;
    const maxAge = session.cookieMaxAge ?? cookieMaxAge;
    return setCookie(cookieName, session.cookieValue, {
      ...this.#attributes,
      ...(maxAge !== undefined && { maxAge }),
    });
  }

  #clearing(): string | undefined {
    return this.#settings.enableSetCookie ? clearCookie(this.#settings.cookieName, this.#attributes) : undefined;
  }

  get #attributes() {
    const { cookie, trustProxy } = this.#settings;
    return { ...cookie, secure: cookie.secure === "auto" ? isSecure(this.#request, trustProxy) : cookie.secure };
  }
}

function listOf(value: number | string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}

function textOf(value: number | string | string[] | undefined): string | undefined {
  return value === undefined ? undefined : listOf(value).join(", ");
}
