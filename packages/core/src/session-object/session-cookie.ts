import type { IncomingMessage } from "node:http";
import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";
import { isSecure } from "../http/proxy-trust.js";
import { NodeRequest } from "../http/request-view.js";
import { type Lifetime, millisecondsOf } from "./lifetime.js";

/** What the Manager decides about a cookie. */
export const attributes = ["path", "domain", "httpOnly", "secure", "sameSite", "partitioned"] as const;
export type Attribute = (typeof attributes)[number];

/** What has to be set instead where a value of an attribute is refused. */
export function insteadOf(name: Attribute, value: unknown): string {
  if (name !== "sameSite" || value !== "auto") return `set "${name}" in createManager's configuration`;
  const meaning = '"auto" is "none" over HTTPS and "lax" otherwise';
  return `${meaning}. Set sameSite "none" in createManager's configuration if other sites embed yours, which needs HTTPS; else "lax"`;
}

/** What a cookie is made of, as express-session shows it. */
export interface CookieData {
  readonly originalMaxAge: number | null;
  readonly expires: Date | null;
  /** Whether it is Secure in the answer to this request. */
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly path: string;
  readonly sameSite: "lax" | "strict" | "none";
  readonly domain?: string;
  readonly partitioned?: boolean;
}

/**
 * The `cookie` of a session object. Its attributes are the Manager's; it may have a lifetime of its own. Times are milliseconds.
 */
export class SessionCookie {
  readonly #req: IncomingMessage;
  readonly #settings: Settings;
  readonly #changed: (seconds: number | undefined) => void;
  #original: number | null;
  #expires: Date | null;

  /**
   * `own`: the session's own lifetime, ms. `changed` is called with a new one in seconds, or with undefined if it is
   * removed; not for an end that has come.
   */
  constructor(
    req: IncomingMessage,
    settings: Settings,
    own: number | undefined,
    changed: (seconds: number | undefined) => void,
  ) {
    const { cookieMaxAge } = settings;
    this.#req = req;
    this.#settings = settings;
    this.#changed = changed;
    this.#original = own ?? (cookieMaxAge === undefined ? null : cookieMaxAge * 1000);
    this.#expires = expiryOf(this.#original);
  }

  get originalMaxAge(): number | null {
    return this.#original;
  }

  set originalMaxAge(maxAge: Lifetime) {
    this.maxAge = maxAge;
  }

  /**
   * The remaining time; `null` means until the browser closes. A new value takes effect when the session gets its
   * cookie; an end that has come takes effect with the response.
   */
  get maxAge(): number | null {
    return this.#expires === null ? null : this.#expires.getTime() - Date.now();
  }

  set maxAge(maxAge: Lifetime) {
    const milliseconds = millisecondsOf(maxAge);
    if (milliseconds === null && this.#settings.cookieMaxAge !== undefined) throw endless();
    if (milliseconds === null ? this.#original !== null : milliseconds > 0) {
      this.#changed(milliseconds === null ? undefined : Math.ceil(milliseconds / 1000));
    }
    this.#original = milliseconds;
    this.#expires = expiryOf(milliseconds);
  }

  get expires(): Date | null {
    return this.#expires;
  }

  set expires(expires: Exclude<Lifetime, number>) {
    if (typeof expires === "number") throw new SessionError("SESS_VALUE", "a cookie's expires must be a Date");
    this.maxAge = expires;
  }

  /** Whether the application has set an end that has come, which also ends the session. */
  get hasEnded(): boolean {
    return this.#original !== null && this.#original <= 0;
  }

  get secure(): boolean {
    const { secure } = this.#attributes;
    return secure === "auto" ? isSecure(new NodeRequest(this.#req), this.#settings.trustProxy) : secure;
  }

  set secure(secure: boolean | "auto") {
    if (secure !== this.secure) this.#keep("secure", secure);
  }

  get httpOnly(): boolean {
    return this.#attributes.httpOnly;
  }

  set httpOnly(httpOnly: boolean) {
    this.#keep("httpOnly", httpOnly);
  }

  get path(): string {
    return this.#attributes.path;
  }

  set path(path: string) {
    this.#keep("path", path);
  }

  get sameSite(): "lax" | "strict" | "none" {
    return this.#attributes.sameSite;
  }

  set sameSite(sameSite: boolean | "lax" | "strict" | "none") {
    this.#keep("sameSite", sameSite);
  }

  get domain(): string | undefined {
    return this.#attributes.domain;
  }

  set domain(domain: string | undefined) {
    this.#keep("domain", domain);
  }

  get partitioned(): boolean {
    return this.#attributes.partitioned;
  }

  set partitioned(partitioned: boolean) {
    this.#keep("partitioned", partitioned);
  }

  get priority(): undefined {
    return undefined;
  }

  set priority(priority: unknown) {
    if (priority !== undefined) throw new SessionError("SESS_UNSUPPORTED", "the session's cookie has no priority");
  }

  get data(): CookieData {
    const { httpOnly, path, sameSite, domain, partitioned } = this.#attributes;
    const { secure } = this;
    const shown = { originalMaxAge: this.#original, expires: this.#expires, secure, httpOnly, path, sameSite };
    return { ...shown, ...(domain !== undefined && { domain }), ...(partitioned && { partitioned }) };
  }

  /** Counts from now again. */
  reset(): void {
    this.#expires = expiryOf(this.#original);
  }

  toJSON(): CookieData {
    return this.data;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): CookieData {
    return this.data;
  }

  get #attributes(): Settings["cookie"] {
    return this.#settings.cookie;
  }

  #keep(name: Attribute, value: unknown): void {
    const wanted = name === "sameSite" && value === true ? "strict" : value;
    if (wanted === this.#attributes[name]) return;
    throw new SessionError("SESS_UNSUPPORTED", `the cookie is the Manager's: ${insteadOf(name, value)}`);
  }
}

function expiryOf(maxAge: number | null): Date | null {
  return maxAge === null ? null : new Date(Date.now() + maxAge);
}

function endless(): SessionError {
  const instead = "give it a number of milliseconds, or set cookieLifetime to 0 in createManager's configuration";
  return new SessionError("SESS_UNSUPPORTED", `a cookie that has a lifetime cannot lose it: ${instead}`);
}
