import type { Settings } from "../config/config.js";
import { type CookieOutcome, type Diagnostics, report } from "../diagnostics.js";
import { isSessionError, type SessionErrorCode } from "../errors.js";
import type { Binding, Session } from "../session/session.js";
import type { CookieAdvice } from "./cookie-advice.js";
import { type CookieAttributes, clearCookie, mergeCacheControl, mergeVary, setCookie } from "./cookies.js";
import type { Head, ResponseGate } from "./head.js";
import { maxAgeOf } from "./max-age.js";
import type { RequestView } from "./request.js";
import { twinsOf } from "./twins.js";

/** What is the Manager's rather than one response's. */
export interface ResponseSettings {
  readonly settings: Settings;
  readonly advice: CookieAdvice;
  readonly diagnostics: Diagnostics;
}

/** Why a request that came with something has no session. */
export type WhyNone = Extract<CookieOutcome, "ambiguous" | "unknown" | "oversized">;

/** Ties a session to its response: stored before anything of the response is seen, and the cookie that follows. */
export class SessionResponse<D extends object> implements Binding, ResponseGate {
  readonly #request: RequestView;
  readonly #settings: Settings;
  readonly #advice: CookieAdvice;
  readonly #diagnostics: Diagnostics;
  /** Whether the application has ended the response, or its connection is gone: no commit of its will come. */
  readonly #isOver: () => boolean;
  #session: Session<D> | undefined;
  #headersSent: boolean;
  #discarded = false;
  #told = false;
  #whyNone: WhyNone | undefined;
  /** Of the error with which the session could not be loaded. */
  #loadCode: SessionErrorCode | undefined;

  constructor(
    request: RequestView,
    { settings, advice, diagnostics }: ResponseSettings,
    headersSent: boolean,
    isOver: () => boolean,
  ) {
    this.#request = request;
    this.#settings = settings;
    this.#advice = advice;
    this.#diagnostics = diagnostics;
    this.#headersSent = headersSent;
    this.#isOver = isOver;
  }

  get headersSent(): boolean {
    return this.#headersSent;
  }

  get ended(): boolean {
    return this.#headersSent && this.#isOver();
  }

  noMoreCookies(): void {
    this.#headersSent = true;
  }

  /** Nothing to tell where the head is still to be finished: it clears the cookie. */
  cookieStays(): void {
    if (this.#told) this.#diagnostics.publish("response", { cookie: "not-cleared" });
  }

  /** To be called when a response leaves without having been held: its session was not asked for. */
  headersGone(): void {
    this.#headersSent = true;
  }

  /** `why` there was none, where there is a reason. */
  bind(session: Session<D>, why: WhyNone | undefined): void {
    this.#session = session;
    this.#whyNone = why;
    if (this.#headersSent) this.#tell("headers-sent");
  }

  /** To be called when the session could not be loaded. */
  notLoaded(error: unknown): void {
    this.#loadCode = isSessionError(error) ? error.code : undefined;
  }

  beforeHeaders(status: number, head: Head): void | Promise<void> {
    this.#discarded = status >= 500;
    const stored = this.#discarded ? this.#session?.discardForResponse() : this.#session?.commitForResponse();
    if (stored === undefined) return this.#finishHead(head);
    return stored.then(
      () => this.whenNothingRuns(() => this.#finishHead(head)),
      (error: unknown) =>
        this.whenNothingRuns(() => {
          throw error;
        }),
    );
  }

  beforeEnd(): void | Promise<void> {
    return this.#session?.releaseForEnd();
  }

  failed(error: unknown, head: Head | undefined): number {
    const status = isSessionError(error) ? error.status : 500;
    if (status >= 500) report(error);
    this.#session?.discard();
    this.#discarded = true;
    // A new id that was acknowledged is the client's only one: it goes out with the error as well.
    if (head !== undefined) this.#finishHead(head, isSessionError(error) ? error.code : undefined);
    return status;
  }

  /**
   * Lets nothing begin any more that needs a cookie, and waits for what has begun, which may have one to send: with a
   * new id that is stored and not sent, the client would be logged out.
   */
  whenNothingRuns(then: () => void): void | Promise<void> {
    this.#headersSent = true;
    const running = this.#session?.running;
    return running === undefined ? then() : running.then(then);
  }

  #finishHead(head: Head, code?: SessionErrorCode): void {
    this.#headersSent = true;
    const { sidHeader } = this.#settings;
    this.#vary(head, "Cookie");
    if (sidHeader !== undefined) this.#vary(head, sidHeader);
    this.#tell(this.#setCookie(head) ?? this.#whyNoCookie(code), code ?? this.#codeOfLoading);
  }

  /** Once: a head that Node refuses to write is followed by that of an error. */
  #tell(cookie: CookieOutcome, code?: SessionErrorCode): void {
    if (this.#told) return;
    this.#told = true;
    this.#diagnostics.publish("response", code === undefined ? { cookie } : { cookie, code });
  }

  /** Adds the cookie that is due, if one is. */
  #setCookie(head: Head): CookieOutcome | undefined {
    const { sidHeader, enableSetCookie } = this.#settings;
    const session = this.#session;
    const due = session?.cookieDue;
    if (session === undefined || due === undefined) return undefined;
    if (enableSetCookie) {
      const cookie = due === "set" ? this.#cookieFor(session) : this.#clearing(this.#attributes);
      const twins = session.hasTwins ? this.#clearTwins() : [];
      // Ours last: a browser that takes a twin for the same cookie must not be left without it.
      head.setHeader("Set-Cookie", [...listOf(head.getHeader("Set-Cookie")), ...twins, cookie]);
    }
    if (sidHeader !== undefined && due === "set") head.setHeader(sidHeader, session.id);
    head.setHeader("Cache-Control", mergeCacheControl(textOf(head.getHeader("Cache-Control"))));
    if (!enableSetCookie) return "disabled";
    if (due === "clear") return "cleared";
    return this.#advice.isDropped(this.#request) ? "not-secure" : "set";
  }

  #whyNoCookie(code: SessionErrorCode | undefined): CookieOutcome {
    if (this.#session === undefined) return "not-loaded";
    if (code !== undefined) return "failed";
    if (this.#discarded) return "discarded";
    const why = this.#session.whyNoCookie;
    return why === "empty" ? (this.#whyNone ?? why) : why;
  }

  get #codeOfLoading(): SessionErrorCode | undefined {
    return this.#session === undefined ? this.#loadCode : undefined;
  }

  #vary(head: Head, field: string): void {
    head.setHeader("Vary", mergeVary(textOf(head.getHeader("Vary")), field));
  }

  #cookieFor(session: Session<D>): string {
    const maxAge = maxAgeOf(session.known, this.#settings);
    return setCookie(this.#settings.cookieName, session.cookieValue, {
      ...this.#attributes,
      ...(maxAge !== undefined && { maxAge }),
    });
  }

  #clearing(attributes: CookieAttributes): string {
    return clearCookie(this.#settings.cookieName, attributes);
  }

  #clearTwins(): string[] {
    const secure = this.#advice.secureFor(this.#request);
    return twinsOf(this.#request.host(), this.#settings, secure).map((twin) => this.#clearing(twin));
  }

  get #attributes() {
    return { ...this.#settings.cookie, secure: this.#advice.secureFor(this.#request) };
  }
}

function listOf(value: number | string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [String(value)];
}

function textOf(value: number | string | string[] | undefined): string | undefined {
  return value === undefined ? undefined : listOf(value).join(", ");
}
