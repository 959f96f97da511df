/** Keys of random bytes. */
export interface CookieKeys {
  /**
   * The newest first: it seals, and all of them open. Each is 32 or more random bytes, given as bytes or as text. Text
   * is hexadecimal if it has only hexadecimal digits, otherwise base64url or base64 (RFC 4648), padded or not.
   */
  readonly keys: readonly (string | Uint8Array)[];
  /**
   * The passphrase that sealed tokens before there were keys. It still opens them, after all keys. Remove it when those
   * sessions have ended.
   */
  readonly securityKey?: string | undefined;
}

/** The seed's passphrase. */
export interface CookieSecurityKey {
  /**
   * Any text that is not empty. scrypt derives a key from it once, when the Manager connects; this takes half a second
   * and 128 MiB. A weak passphrase can still be guessed from a token.
   */
  readonly securityKey: string;
  readonly keys?: undefined;
}

/** The types of `providerConfig`, besides the seed's JSON. */
export type CookieConfig = CookieKeys | CookieSecurityKey;
