import { isSessionError, type SessionErrorCode } from "../../errors.js";
import type { SessionRecord, TokenProvider } from "../../provider.js";
import { KitClock } from "../clock.js";
import { show, showDifference } from "../failure.js";
import { TokenConformanceFailure, type TokenFinding } from "./failure.js";
import type { TokenConformanceOptions, TokenOpenOptions } from "./options.js";

const fields = ["version", "expiresAt", "owner", "retired", "data"] as const;

/** What a case works with: handles, keys, a clock, records, and expectations. */
export class TokenKit {
  /** The clock of every handle that was not opened with another. */
  readonly clock = new KitClock();
  /** How many tokens to alter in every way. */
  readonly tokens: number;
  readonly #subject: Pick<TokenFinding, "id" | "rule" | "title" | "guide">;
  readonly #options: TokenConformanceOptions;
  readonly #defaults: Omit<TokenOpenOptions, "now">;
  readonly #handles: TokenProvider[] = [];

  constructor(subject: Pick<TokenFinding, "id" | "rule" | "title" | "guide">, options: TokenConformanceOptions) {
    this.tokens = options.tokens ?? 10;
    this.#subject = subject;
    this.#options = options;
    this.#defaults = { cookieName: "kit_session", namespace: `k_${hex(6)}`, keys: [this.key()] };
  }

  /** A new handle, by default with the same names and key as all others; the kit closes it after the case. */
  async open(fixed: Partial<TokenOpenOptions> = {}): Promise<TokenProvider> {
    const handle = await this.#options.open({ ...this.#defaults, now: this.clock.now, ...fixed });
    this.#handles.push(handle);
    return handle;
  }

  /** Closes what was opened. Other cases test how a provider closes. */
  async closeAll(): Promise<void> {
    await Promise.allSettled(this.#handles.map(async (handle) => handle.close()));
  }

  /** A key that nobody has. */
  key(): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(32));
  }

  /** A record with a new version and ten minutes to live. */
  record(fixed: Partial<SessionRecord> = {}): SessionRecord {
    const version = `v${hex(16)}`;
    return { data: `data of ${version}`, version, expiresAt: this.clock.now() + 600_123, ...fixed };
  }

  /** The tokens to alter, made of records with different lengths. */
  samples(provider: TokenProvider): string[] {
    return Array.from({ length: this.tokens }, (_, index) =>
      provider.seal(this.record({ data: "d".repeat(index % 48) })),
    );
  }

  /** The token is opened, and holds the record. An absent field may be undefined, nothing else. */
  opens(provider: TokenProvider, token: string, record: SessionRecord, what: string): void {
    const came = this.#open(provider, token, what);
    if (came === undefined || came === null) this.fail(what, show(record), show(came));
    for (const field of fields) this.#field(came[field], record[field], `${what}: ${field}`);
  }

  /** The token is refused: `undefined`, never another value or an error. */
  refuses(provider: TokenProvider, token: string, what: string): void {
    const came = this.#open(provider, token, what);
    if (came !== undefined) this.fail(what, "undefined", show(came));
  }

  /** Expects an error; if a code is given, a `SessionError` with that code. */
  throws(act: () => unknown, what: string, code?: SessionErrorCode): void {
    let came: unknown;
    try {
      came = act();
    } catch (error) {
      if (code === undefined || (isSessionError(error) && error.code === code)) return;
      this.fail(what, `a SessionError with ${code}`, show(error));
    }
    this.fail(what, "an error", show(came));
  }

  /** Compares by `Object.is`. */
  equal(came: unknown, expected: unknown, what: string): void {
    if (!Object.is(came, expected)) this.fail(what, show(expected), show(came));
  }

  fail(what: string, expected: string, came: string, cause?: unknown): never {
    throw new TokenConformanceFailure({ ...this.#subject, what, expected, came }, { cause });
  }

  #open(provider: TokenProvider, token: string, what: string): SessionRecord | undefined {
    try {
      return provider.open(token);
    } catch (error) {
      this.fail(what, "an answer: whatever the token, open does not throw", show(error), error);
    }
  }

  #field(came: string | number | undefined, expected: string | number | undefined, what: string): void {
    if (typeof came !== "string" || typeof expected !== "string") this.equal(came, expected, what);
    else if (came !== expected) this.fail(what, ...showDifference(expected, came));
  }
}

function hex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
