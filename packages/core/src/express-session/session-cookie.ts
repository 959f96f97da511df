import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";
import { insteadOf } from "./cookie-options.js";
import { type Lifetime, millisecondsOf } from "./lifetime.js";

/** What a cookie is made of, as express-session shows it. */
export interface CookieData {
  readonly originalMaxAge: number | null;
  readonly expires: Date | null;
  readonly secure: boolean | "auto";
  readonly httpOnly: boolean;
  readonly path: string;
  readonly sameSite: "lax" | "strict" | "none";
  readonly domain?: string;
  readonly partitioned?: boolean;
}

/** `req.session.cookie`. Its attributes are the Manager's; a lifetime of its own it may have. Times are milliseconds. */
export class SessionCookie {
  readonly #attributes: Settings["cookie"];
  readonly #changed: (seconds: number) => void;
  #original: number | null;
  #expires: Date | null;

  /** `changed` is told of a new lifetime, seconds, not of an end that has come. */
  constructor(attributes: Settings["cookie"], maxAge: number | null, changed: (seconds: number) => void) {
    this.#attributes = attributes;
    this.#changed = changed;
    this.#original = maxAge;
    this.#expires = expiryOf(maxAge);
  }

  get originalMaxAge(): number | null {
    return this.#original;
  }

  set originalMaxAge(maxAge: Lifetime) {
    this.maxAge = maxAge;
  }

  /**
   * What is left; `null` is until the browser closes. A new one takes effect when the session gets its cookie, an end
   * that has come with the response.
   */
  get maxAge(): number | null {
    return this.#expires === null ? null : this.#expires.getTime() - Date.now();
  }

  set maxAge(maxAge: Lifetime) {
    const milliseconds = millisecondsOf(maxAge);
    if (milliseconds === null) {
      if (this.#original !== null) throw endless();
      return;
    }
    if (milliseconds > 0) this.#changed(Math.ceil(milliseconds / 1000));
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

  /** Whether the application said that its end has come: the session's end as well. */
  get hasEnded(): boolean {
    return this.#original !== null && this.#original <= 0;
  }

  get secure(): boolean | "auto" {
    return this.#attributes.secure;
  }

  set secure(secure: boolean | "auto") {
    this.#keep("secure", secure);
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

  get data(): CookieData {
    const { secure, httpOnly, path, sameSite, domain, partitioned } = this.#attributes;
    const shown = { originalMaxAge: this.#original, expires: this.#expires, secure, httpOnly, path, sameSite };
    return { ...shown, ...(domain !== undefined && { domain }), ...(partitioned && { partitioned }) };
  }

  /** Counts anew from now. */
  reset(): void {
    this.#expires = expiryOf(this.#original);
  }

  toJSON(): CookieData {
    return this.data;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): CookieData {
    return this.data;
  }

  #keep(name: keyof Settings["cookie"], value: unknown): void {
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
