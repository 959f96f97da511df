import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";

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

  /** `changed` is told of a new lifetime. */
  constructor(attributes: Settings["cookie"], maxAge: number | null, changed: (seconds: number) => void) {
    this.#attributes = attributes;
    this.#changed = changed;
    this.#original = maxAge;
    this.#expires = expiryOf(maxAge);
  }

  get originalMaxAge(): number | null {
    return this.#original;
  }

  /** What is left; `null` is until the browser closes. A new one takes effect when the session gets its cookie. */
  get maxAge(): number | null {
    return this.#expires === null ? null : this.#expires.getTime() - Date.now();
  }

  set maxAge(maxAge: number | null | undefined) {
    if (maxAge === null || maxAge === undefined) {
      if (this.#original !== null) throw endless();
      return;
    }
    if (typeof maxAge !== "number") throw new SessionError("SESS_VALUE", "maxAge must be a number of milliseconds");
    this.#changed(Math.ceil(maxAge / 1000));
    this.#original = maxAge;
    this.#expires = expiryOf(maxAge);
  }

  get expires(): Date | null {
    return this.#expires;
  }

  set expires(expires: Date | null | undefined | false) {
    this.maxAge = expires ? expires.getTime() - Date.now() : null;
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

  set sameSite(sameSite: "lax" | "strict" | "none") {
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
    if (value === this.#attributes[name]) return;
    const where = `set "${name}" in createManager's configuration`;
    throw new SessionError("SESS_UNSUPPORTED", `the cookie is the Manager's: ${where}`);
  }
}

function expiryOf(maxAge: number | null): Date | null {
  return maxAge === null ? null : new Date(Date.now() + maxAge);
}

function endless(): SessionError {
  const instead = "give it a number of milliseconds, or set cookieLifetime to 0 in createManager's configuration";
  return new SessionError("SESS_UNSUPPORTED", `a cookie that has a lifetime cannot lose it: ${instead}`);
}
