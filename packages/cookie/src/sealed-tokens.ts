import { randomBytes } from "node:crypto";
import { SessionError, type SessionRecord, type TokenProvider } from "@sess/core";
import { pack, unpack } from "./payload.js";
import { prefixLength, type TokenKey } from "./token-key.js";
import { nonceBytes } from "./xaes.js";

/** Milliseconds by which the clocks of two servers may differ. What was issued later than that, was not issued by us. */
const mostSkew = 60_000;

/** Records sealed into tokens: a prefix that names the key, then nonce, ciphertext and tag, in base64url throughout. */
export class SealedTokens implements TokenProvider {
  readonly #newest: TokenKey;
  readonly #keys: Map<string, TokenKey>;
  readonly #now: () => number;
  #closed = false;

  /** The newest key first: it seals, all of them open. Throws `SESS_CONFIG` where two are the same. */
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
    const { prefix, cipher, bound } = this.#newest;
    const nonce = randomBytes(nonceBytes);
    const sealed = cipher.seal(nonce, pack({ issuedAt: this.#now(), record }), bound);
    return prefix + Buffer.concat([nonce, sealed]).toString("base64url");
  }

  open(token: string): SessionRecord | undefined {
    this.#assertOpen();
    // By its id and never by trying: a token of an unknown key is nobody's (rack CVE-2026-39324).
    const key = this.#keys.get(token.slice(0, prefixLength));
    if (key === undefined) return undefined;
    const sealed = decode(token.slice(prefixLength));
    if (sealed === undefined || sealed.length < nonceBytes) return undefined;
    const text = key.cipher.open(sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes), key.bound);
    const payload = text && unpack(text);
    if (payload === undefined) return undefined;
    const now = this.#now();
    return payload.issuedAt <= now + mostSkew && now < payload.record.expiresAt ? payload.record : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#keys.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new SessionError("SESS_CLOSED", "cookie: this provider was closed");
  }
}

/** Base64url as we write it; `undefined` for every other text of the same bytes (RFC 4648, section 3.5). */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
