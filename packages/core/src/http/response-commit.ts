import type { Settings } from "../config/options.js";
import type { CookieOutcome, Diagnostics } from "../diagnostics.js";
import { isSessionError, type SessionErrorCode } from "../errors.js";
import type { ResponseSession } from "../session/response-session.js";
import type { Binding } from "../session/session-parts.js";
import type { SessionState } from "../session/session-state.js";
import { type CookieAttributes, clearCookie, mergeCacheControl, mergeVary, setCookie } from "./cookies.js";
import type { ResponseHead, ResponseHook } from "./head.js";
import { maxAgeOf } from "./max-age.js";
import type { RequestView } from "./request-view.js";
import type { SecureCookiePolicy } from "./secure-cookie-policy.js";
import type { SharedNameAdvice } from "./shared-name-advice.js";
import { twinsOf } from "./twins.js";

/** The parts that belong to the Manager and not to one response. */
export interface ResponseSettings {
  readonly settings: Settings;
  readonly cookiePolicy: SecureCookiePolicy;
  readonly diagnostics: Diagnostics;
  /** Absent in production. */
  readonly nameAdvice: SharedNameAdvice | undefined;
}

/** Why a request with an id has no session. */
export type WhyNone = Extract<CookieOutcome, "ambiguous" | "unknown" | "oversized">;

/**
 * Connects a session with its response: the session is stored before anything of the response is sent, and its cookie
 * is added.
 */
export class SessionResponse implements Binding, ResponseHook {
  readonly #request: RequestView;
  readonly #settings: Settings;
  readonly #cookiePolicy: SecureCookiePolicy;
  readonly #diagnostics: Diagnostics;
  readonly #nameAdvice: SharedNameAdvice | undefined;
  /** Whether the application has ended the response or its connection is closed: it will not commit any more. */
  readonly #isOver: () => boolean;
  #session: ResponseSession | undefined;
  #headersSent: boolean;
  #discarded = false;
  #told = false;
  /** The status for which the session is stored, and the storing while it is under way. */
  #storedFor: number | undefined;
  #storing: Promise<void> | undefined;
  /** Why the session could not be loaded or stored. */
  #failure: unknown;
  /** The Set-Cookie lines, after they were made. */
  #lines: readonly string[] | undefined;
  /** Why the request has no session. */
  #reason: WhyNone | undefined;

  constructor(
    request: RequestView,
    { settings, cookiePolicy, diagnostics, nameAdvice }: ResponseSettings,
    headersSent: boolean,
    isOver: () => boolean,
  ) {
    this.#request = request;
    this.#settings = settings;
    this.#cookiePolicy = cookiePolicy;
    this.#diagnostics = diagnostics;
    this.#nameAdvice = nameAdvice;
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

  /** If the head is not finished yet, there is no event: the head will clear the cookie. */
  cookieStays(): void {
    if (this.#told) this.#diagnostics.publish("response", { cookie: "not-cleared" });
  }

  /** Remembers why there is no session, until it is requested again. */
  notLoaded(error: unknown): void {
    this.#failure = error;
  }

  /** `reason` says why the request came with no session, if there is a reason. */
  bind(session: ResponseSession, reason: WhyNone | undefined): void {
    this.#session = session;
    this.#reason = reason;
    this.#failure = undefined;
    if (this.#headersSent) this.#tell("headers-sent");
  }

  /** If it is called again for the same status, as below a framework that has called it, it does not store again. */
  store(status: number): void | Promise<void> {
    if (this.#storedFor === status) return this.#storing;
    this.#storedFor = status;
    this.#discarded = status >= 500;
    const stored = this.#discarded ? this.#session?.discard() : this.#session?.commit();
    if (stored === undefined) this.#headersSent = true;
    this.#storing = stored === undefined ? undefined : this.#settle(stored);
    return this.#storing;
  }

  async #settle(stored: Promise<void>): Promise<void> {
    try {
      await stored;
    } catch (error) {
      this.#failure = error;
      throw error;
    } finally {
      const running = this.#whenNothingRuns();
      if (running !== undefined) await running;
    }
    this.#storing = undefined;
  }

  addHeaders(head: ResponseHead): void {
    this.#headersSent = true;
    const { sidHeader } = this.#settings;
    this.#vary(head, "Cookie");
    if (sidHeader !== undefined) this.#vary(head, sidHeader);
    const outcome = this.#setCookie(head);
    const value = outcome === "set" ? this.#session?.state.cookieValue : undefined;
    this.#nameAdvice?.heed(this.#request, this.#reason === "unknown", value);
    const code = isSessionError(this.#failure) ? this.#failure.code : undefined;
    this.#tell(outcome ?? this.#whyNone(code), code);
  }

  beforeEnd(): void | Promise<void> {
    return this.#session?.end();
  }

  /** For a failure of this request, which publishes the event, or of another session of the same response. */
  abandon(error?: unknown): void | Promise<void> {
    this.#failure ??= error;
    this.#discarded = true;
    const left = this.#session?.discard();
    return left === undefined ? this.#whenNothingRuns() : left.then(() => this.#whenNothingRuns());
  }

  /** Used instead of {@link addHeaders} if the response has no head for a cookie. Returns whether a cookie is lost. */
  leavesWithoutHead(): boolean {
    this.#headersSent = true;
    const isLost = this.#session?.state.cookieDue !== undefined;
    this.#tell(isLost ? "not-carried" : this.#whyNone(undefined));
    return isLost;
  }

  /**
   * Refuses new operations that need a cookie, and waits for those under way, which may have one to send. If a new id
   * were stored but not sent, the client would be logged out.
   */
  #whenNothingRuns(): void | Promise<void> {
    this.#headersSent = true;
    // rule: a-head-waits
    return this.#session?.running;
  }

  /** Publishes once: if Node refuses to write a head, the head of an error follows. */
  #tell(cookie: CookieOutcome, code?: SessionErrorCode): void {
    if (this.#told) return;
    this.#told = true;
    this.#diagnostics.publish("response", code === undefined ? { cookie } : { cookie, code });
  }

  /** Adds the cookie that is due, if any. */
  #setCookie(head: ResponseHead): CookieOutcome | undefined {
    const { sidHeader, enableSetCookie } = this.#settings;
    const state = this.#session?.state;
    const due = state?.cookieDue;
    if (state === undefined || due === undefined) return undefined;
    if (enableSetCookie) {
      this.#lines ??= this.#linesFor(state, due);
      for (const line of this.#lines) {
        if (!listOf(head.getHeader("Set-Cookie")).includes(line)) head.appendHeader("Set-Cookie", line);
      }
    }
    if (sidHeader !== undefined && due === "set") head.setHeader(sidHeader, state.identity.id);
    head.setHeader("Cache-Control", mergeCacheControl(textOf(head.getHeader("Cache-Control"))));
    if (!enableSetCookie) return "disabled";
    if (due === "clear") return "cleared";
    return this.#cookiePolicy.isDropped(this.#request) ? "not-secure" : "set";
  }

  #whyNone(code: SessionErrorCode | undefined): CookieOutcome {
    if (this.#session === undefined) return "not-loaded";
    if (code !== undefined) return "failed";
    if (this.#discarded) return "discarded";
    const why = this.#session.state.whyNoCookie;
    return why === "empty" ? (this.#reason ?? why) : why;
  }

  #vary(head: ResponseHead, field: string): void {
    const before = textOf(head.getHeader("Vary"));
    const merged = mergeVary(before, field);
    if (merged !== before) head.setHeader("Vary", merged);
  }

  #cookieFor(state: SessionState): string {
    const maxAge = maxAgeOf(state.stored, this.#settings);
    return setCookie(this.#settings.cookieName, state.cookieValue, {
      ...this.#attributes,
      ...(maxAge !== undefined && { maxAge }),
    });
  }

  #clearing(attributes: CookieAttributes): string {
    return clearCookie(this.#settings.cookieName, attributes);
  }

  /** Our cookie is last: if a browser takes a twin for the same cookie, ours must win. */
  #linesFor(state: SessionState, due: "set" | "clear"): readonly string[] {
    const cookie = due === "set" ? this.#cookieFor(state) : this.#clearing(this.#attributes);
    if (!state.hasTwins) return [cookie];
    const secure = this.#cookiePolicy.secureFor(this.#request);
    const twins = twinsOf(this.#request.host(), this.#settings, secure);
    return [...twins.map((twin) => this.#clearing(twin)), cookie];
  }

  get #attributes() {
    return { ...this.#settings.cookie, secure: this.#cookiePolicy.secureFor(this.#request) };
  }
}

type HeaderValue = ReturnType<ResponseHead["getHeader"]>;

function listOf(value: HeaderValue): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "object" ? value : [String(value)];
}

function textOf(value: HeaderValue): string | undefined {
  return value === undefined ? undefined : listOf(value).join(", ");
}
