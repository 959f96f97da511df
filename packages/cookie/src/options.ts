/** Keys of random bytes. */
export interface CookieKeys {
  /**
   * The newest first: it seals, all of them open. Each is 32 random bytes or more, as they are or as a text: hexadecimal
   * where it has only the digits of that, else base64url or base64 (RFC 4648), padded or not.
   */
  readonly keys: readonly (string | Uint8Array)[];
  /** What sealed before there were keys; it still opens, after all of them. Drop it when its sessions have ended. */
  readonly securityKey?: string | undefined;
}

/** The seed's passphrase. */
export interface CookieSecurityKey {
  /**
   * Any text that is not empty. It is stretched once as the Manager connects, by scrypt, which takes half a second and
   * 128 MiB; what was a weak passphrase remains one that can be guessed from a token.
   */
  readonly securityKey: string;
  readonly keys?: undefined;
}

/** What `providerConfig` may be, besides the seed's JSON. */
export type CookieConfig = CookieKeys | CookieSecurityKey;
