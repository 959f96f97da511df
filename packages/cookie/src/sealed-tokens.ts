import { SessionError, type SessionRecord, type TokenProvider } from "@sess/core";
import { newNonce } from "./nonces.js";
import { pack, unpack } from "./payload.js";
import { Scratch } from "./scratch.js";
import { headBytes, prefixLength, type TokenKey } from "./token-key.js";
import { nonceBytes } from "./xaes.js";

/** Milliseconds by which the clocks of two servers may differ. A token issued further in the future is not ours. */
const mostSkew = 60_000;
const nonceEnd = headBytes + nonceBytes;

/**
 * Records sealed into tokens. A token is a prefix that names the key, then nonce, ciphertext and tag, all in base64url.
 */
export class SealedTokens implements TokenProvider {
  readonly #newest: TokenKey;
  readonly #keys: Map<string, TokenKey>;
  readonly #now: () => number;
  readonly #scratch = new Scratch();
  #closed = false;

  /** The newest key first: it seals, and all of them open. Throws `SESS_CONFIG` when two keys are equal. */
  constructor(keys: readonly [TokenKey, ...TokenKey[]], now: () => number) {
    this.#newest = keys[0];
    this.#keys = new Map(keys.map((key) => [key.prefix, key]));
    this.#now = now;
    if (this.#keys.size < keys.length) throw new SessionError("SESS_CONFIG", "cookie: two of the keys are the same");
  }

  seal(record: SessionRecord): string {
    this.#assertOpen();
    if (record.owner !== undefined || record.retired !== undefined) {
      throw new SessionError("SESS_UNSUPPORTED", "cookie: a session in a cookie has no owner and leaves no marker");
    }
    const { head, cipher, bound } = this.#newest;
    const nonce = newNonce();
    const text = pack({ issuedAt: this.#now(), record }, this.#scratch);
    const sealed = cipher.seal(nonce, text, bound);
    text.fill(0);
    return this.#scratch.join([head, nonce, ...sealed]).toString("base64url");
  }

  open(token: string): SessionRecord | undefined {
    this.#assertOpen();
    // The key is chosen by its id, never by trying all keys. A token of an unknown key is refused (rack
    // CVE-2026-39324).
    const key = this.#keys.get(token.slice(0, prefixLength));
    if (key === undefined) return undefined;
    const bytes = this.#decode(token);
    if (bytes === undefined || bytes.length < nonceEnd) return undefined;
    const text = key.cipher.open(bytes.subarray(headBytes, nonceEnd), bytes.subarray(nonceEnd), key.bound);
    const payload = text && unpack(text);
    if (payload === undefined) return undefined;
    const now = this.#now();
    return payload.issuedAt <= now + mostSkew && now < payload.record.expiresAt ? payload.record : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#keys.clear();
  }

  /**
   * Decodes base64url as this code writes it; `undefined` for every other spelling of the same bytes (RFC 4648, section
   * 3.5).
   */
  #decode(text: string): Buffer | undefined {
    const bytes = this.#scratch.take(Math.floor((text.length * 3) / 4));
    bytes.write(text, "base64url");
    return bytes.toString("base64url") === text ? bytes : undefined;
  }

  #assertOpen(): void {
    if (this.#closed) throw new SessionError("SESS_CLOSED", "cookie: this provider was closed");
  }
}
