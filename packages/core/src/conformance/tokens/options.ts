import type { TokenProvider } from "../../provider.js";

/** How the kit asks for a handle. */
export interface TokenOpenOptions {
  /** A token (RFC 9110, section 5.6.2), as cookie names are. */
  readonly cookieName: string;
  /** Any text that is not empty. */
  readonly namespace: string;
  /** Starts at real time, only advances, and stands still unless the kit moves it. Handles may differ in it. */
  readonly now: () => number;
  /** The newest first, at least one; each 32 bytes of a CSPRNG, new with every case. */
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
}

/** How a token provider presents itself to the kit. */
export interface TokenConformanceOptions {
  /** The prefix of each test's name. */
  readonly name?: string;
  /** A new handle. Two with the same options open each other's tokens. */
  readonly open: (options: TokenOpenOptions) => Promise<TokenProvider>;
  /** The number of tokens that are flipped bit by bit and cut at every position. Default 10; 1,000 is the long form. */
  readonly tokens?: number;
}
