/** What an application may configure, and what the rest of core works with. */
import type { IdShape } from "../ids.js";
import type { SchemaConfig } from "../schema/standard-schema.js";

export type SameSite = "lax" | "strict" | "none";
export type TrustProxy = false | number | ((address: string) => boolean);

/** Makes a `Response` of an error, or leaves that to core by answering `undefined`. */
export type ErrorResponder = (error: unknown, request: Request) => Response | undefined | Promise<Response | undefined>;

/** The configuration of a Manager. Every key is optional; `undefined` counts as absent. */
export interface ManagerConfig {
  /**
   * Name of the id cookie, a token (RFC 9110, section 5.6.2). Default `"sessionid"`. Two applications on one host need
   * different names, since cookies do not depend on ports. If you change `domain` or `path`, change this too.
   */
  readonly cookieName?: string | undefined;
  /** Seconds between collections of expired records, run at least every 24 days. Default 3600. */
  readonly gcLifetime?: number | undefined;
  /** Idle lifetime, seconds: a session ends when it has not been used for this time. Default `gcLifetime`. */
  readonly maxLifetime?: number | undefined;
  /** Seconds from creation after which a session ends, even if it is used. Default none. */
  readonly absoluteLifetime?: number | undefined;
  /** Maximum size of a stored session, bytes of UTF-8, on saving and on loading. Default 1,000,000. */
  readonly maxBytes?: number | undefined;
  /**
   * Max-Age of the id cookie, seconds. Default 0: until the browser closes. A value of at least the idle lifetime is
   * sent as 400 days or the rest of the absolute lifetime, since the server decides the end.
   */
  readonly cookieLifetime?: number | undefined;
  /** Whether the id cookie is sent; never suppresses a token provider's own cookie. Default true. */
  readonly enableSetCookie?: boolean | undefined;
  /**
   * Default `"auto"`: Secure if the request came over TLS, directly or through a trusted proxy. A cookie name that
   * starts with `__Host-`, `__Secure-` or `__Http-`, `sameSite: "none"` and `partitioned` require Secure: with them,
   * `"auto"` means true.
   */
  readonly secure?: boolean | "auto" | undefined;
  /** Whether the cookie is hidden from scripts in the page. Default true. */
  readonly httpOnly?: boolean | undefined;
  /** Default `"lax"`. */
  readonly sameSite?: SameSite | undefined;
  /** A host name whose subdomains get the cookie too. Default none: the host alone. */
  readonly domain?: string | undefined;
  /** Path prefix the cookie is sent to. Default `"/"`. */
  readonly path?: string | undefined;
  /** One cookie for each top-level site (CHIPS). Default false. */
  readonly partitioned?: boolean | undefined;
  /** Random bytes in an id, 16 to 64. Default 32. */
  readonly sessionIdLength?: number | undefined;
  /** Put in front of every id: at most 64 characters that a cookie can hold. Default `""`. */
  readonly sessionIdPrefix?: string | undefined;
  /** Whether the id is also accepted from a header, and sent in it. Default false. */
  readonly sidInHeader?: boolean | undefined;
  /** The header of `sidInHeader`, a token that is not a standard header. Default `"X-Session-Id"`. */
  readonly sidHeaderName?: string | undefined;
  /** Whether the id is also accepted from the URL's query, where logs and referrers show it. Default false. */
  readonly sidInUrlQuery?: boolean | undefined;
  /**
   * The proxies whose forwarding headers are trusted: none, a number of proxies (0 to 64), or by address. Default
   * false.
   */
  readonly trustProxy?: TrustProxy | undefined;
  /**
   * The application's name, where several share a store: with one namespace each opens the sessions of the others, and
   * nothing tells. Not empty. Default `cookieName`.
   */
  readonly namespace?: string | undefined;
  /**
   * A name under which the Manager is made once in a process: `createManager` with the same name and options gives the
   * same one. For bundlers and development servers that load a module several times. It is made again after `close()`.
   * Default none.
   */
  readonly global?: string | undefined;
  /** The clock, epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /**
   * Makes the response of an error for `handle` and `begin`, instead of core's response with 500 or the status of the
   * `SessionError`. Its status decides whether changes are kept. Default none.
   */
  readonly onError?: ErrorResponder | undefined;
}

/** A checked configuration with all defaults. */
export interface Settings {
  readonly cookieName: string;
  readonly namespace: string;
  /** Milliseconds, at most 24 days: Node's timers overflow at 2^31 and then fire at once. */
  readonly gcInterval: number;
  /** Milliseconds. */
  readonly idle: number;
  /** Milliseconds; Infinity when there is none. */
  readonly absolute: number;
  readonly maxBytes: number;
  /** Seconds; undefined is a browser session. */
  readonly cookieMaxAge: number | undefined;
  readonly enableSetCookie: boolean;
  readonly cookie: {
    readonly secure: boolean | "auto";
    readonly httpOnly: boolean;
    readonly sameSite: SameSite;
    readonly domain?: string;
    readonly path: string;
    readonly partitioned: boolean;
  };
  readonly id: IdShape;
  /** Set only with `sidInHeader`. */
  readonly sidHeader: string | undefined;
  readonly sidInUrlQuery: boolean;
  readonly trustProxy: TrustProxy;
  /** The name of a Manager that is made once in a process. */
  readonly global: string | undefined;
  readonly now: () => number;
  readonly onError: ErrorResponder | undefined;
  /** What is known of the fields' types; undefined without a schema. */
  readonly fields: SchemaConfig<Record<string, unknown>> | undefined;
  /** Checked by the provider. */
  readonly providerConfig: unknown;
}
