/** What an app may configure, checked once at start-up and resolved into what the rest of core works with. */
import { SessionError } from "../errors.js";
import { isCookieDomain, isCookieName, isCookiePath, isCookieValue } from "../http/cookies.js";
import type { IdShape } from "../ids.js";
import { type Check, isWhole, longestLifetime, pick, quoted, refuse, text, whole } from "./checks.js";
import { isFreeHeader } from "./header-names.js";
import type { ConfigSource, readSeedConfig } from "./seed-json.js";
import { adviseSeconds } from "./unit-advice.js";

type SameSite = "lax" | "strict" | "none";
type TrustProxy = false | number | ((address: string) => boolean);

/** Makes a `Response` of an error, or leaves that to core by answering `undefined`. */
export type ErrorResponder = (error: unknown, request: Request) => Response | undefined | Promise<Response | undefined>;

/** The configuration of a Manager. Every key is optional; `undefined` counts as absent. */
export interface ManagerConfig {
  /**
   * Name of the id cookie, a token (RFC 9110, section 5.6.2). Default `"sessionid"`. Applications on one host need one
   * each: cookies know no ports. To change `domain` or `path`, change this too.
   */
  readonly cookieName?: string | undefined;
  /** Seconds between collections of expired records, run at least every 24 days. Default 3600. */
  readonly gcLifetime?: number | undefined;
  /** Idle lifetime, seconds: a session ends when it was not used for so long. Default `gcLifetime`. */
  readonly maxLifetime?: number | undefined;
  /** Seconds from creation after which a session ends, however busy. Default none. */
  readonly absoluteLifetime?: number | undefined;
  /** Most that is stored of one session, bytes of UTF-8, and most that is read. Default 1,000,000. */
  readonly maxBytes?: number | undefined;
  /**
   * Max-Age of the id cookie, seconds. Default 0: until the browser closes. One that is at least the idle lifetime is sent
   * as 400 days, or what the absolute lifetime leaves: the server keeps the end.
   */
  readonly cookieLifetime?: number | undefined;
  /** Whether the id cookie is sent; never suppresses a token provider's own cookie. Default true. */
  readonly enableSetCookie?: boolean | undefined;
  /**
   * Default `"auto"`: Secure whenever the request came over TLS, directly or through a trusted proxy. A cookie name that
   * starts with `__Host-`, `__Secure-` or `__Http-`, `sameSite: "none"` and `partitioned` imply Secure: with them `"auto"` is true.
   */
  readonly secure?: boolean | "auto" | undefined;
  /** Whether scripts in the page are kept from the cookie. Default true. */
  readonly httpOnly?: boolean | undefined;
  /** Default `"lax"`. */
  readonly sameSite?: SameSite | undefined;
  /** Host name whose subdomains get the cookie too. Default none: the host alone. */
  readonly domain?: string | undefined;
  /** Path prefix the cookie is sent to. Default `"/"`. */
  readonly path?: string | undefined;
  /** One cookie for each top-level site (CHIPS). Default false. */
  readonly partitioned?: boolean | undefined;
  /** Random bytes in an id, 16 to 64. Default 32. */
  readonly sessionIdLength?: number | undefined;
  /** Put in front of every id: at most 64 characters that a cookie can hold. Default `""`. */
  readonly sessionIdPrefix?: string | undefined;
  /** Whether the id is also taken from, and sent in, a header. Default false. */
  readonly sidInHeader?: boolean | undefined;
  /** The header of `sidInHeader`, a token that means nothing else in HTTP. Default `"X-Session-Id"`. */
  readonly sidHeaderName?: string | undefined;
  /** Whether the id is also taken from the URL's query, where logs and referrers show it. Default false. */
  readonly sidInUrlQuery?: boolean | undefined;
  /** Whose forwarding headers are believed: nobody's, those of so many proxies (0 to 64), or by address. Default false. */
  readonly trustProxy?: TrustProxy | undefined;
  /**
   * The application's name, where several share a store: with one namespace each opens the sessions of the others, and
   * nothing tells. Not empty. Default `cookieName`.
   */
  readonly namespace?: string | undefined;
  /** The clock, epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /**
   * Makes the response of an error, for `handle` and `begin`, where core would answer with a bare 500 or the status of
   * the `SessionError`. Changes are kept or discarded by the status it answers with. Default: none.
   */
  readonly onError?: ErrorResponder | undefined;
}

/** A configuration that was checked, every default filled in. */
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
  readonly now: () => number;
  readonly onError: ErrorResponder | undefined;
  /** The provider's to check. */
  readonly providerConfig: unknown;
}

/** Complete by its type. */
const keys: { readonly [K in keyof Required<ManagerConfig> | "providerConfig"]: K } = {
  cookieName: "cookieName",
  gcLifetime: "gcLifetime",
  maxLifetime: "maxLifetime",
  absoluteLifetime: "absoluteLifetime",
  maxBytes: "maxBytes",
  cookieLifetime: "cookieLifetime",
  enableSetCookie: "enableSetCookie",
  secure: "secure",
  httpOnly: "httpOnly",
  sameSite: "sameSite",
  domain: "domain",
  path: "path",
  partitioned: "partitioned",
  sessionIdLength: "sessionIdLength",
  sessionIdPrefix: "sessionIdPrefix",
  sidInHeader: "sidInHeader",
  sidHeaderName: "sidHeaderName",
  sidInUrlQuery: "sidInUrlQuery",
  trustProxy: "trustProxy",
  namespace: "namespace",
  now: "now",
  onError: "onError",
  providerConfig: "providerConfig",
};
const knownKeys = Object.values(keys);

const LONGEST_GC_INTERVAL = 24 * 86_400_000;

function readObject(config: object): ConfigSource {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(config)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(keys, name)) {
      const near = knownKeys.find((key) => key.toLowerCase() === name.toLowerCase());
      const hint = near === undefined ? "" : `, did you mean "${near}"?`;
      throw new SessionError("SESS_CONFIG", `unknown config key ${quoted(name)}${hint}`);
    }
    values.set(name, value);
  }
  return { values, writtenAs: new Map() };
}

const flag: Check<boolean> = [(value) => typeof value === "boolean", "true or false"];
const lifetime = whole(1, longestLifetime, "seconds");
const clock: Check<() => number> = [(value): value is () => number => typeof value === "function", "a function"];
const responder: Check<ErrorResponder> = [
  (value): value is ErrorResponder => typeof value === "function",
  "a function of an error and a request",
];
const secureChoice: Check<boolean | "auto"> = [
  (value) => typeof value === "boolean" || value === "auto",
  'true, false or "auto"',
];
const sameSiteChoice: Check<SameSite> = [
  (value) => value === "lax" || value === "strict" || value === "none",
  '"lax", "strict" or "none"',
];
const trustChoice: Check<TrustProxy> = [
  (value): value is TrustProxy => value === false || typeof value === "function" || isWhole(value, 0, 64),
  "false, a whole number of proxies from 0 to 64, or a function of an address",
];

const token = text(isCookieName, "a token: letters, digits and !#$%&'*+-.^_`|~");
const freeHeader = text(isFreeHeader, 'a header that means nothing else, as "X-Session-Id"');
const hostName = text(
  isCookieDomain,
  'a host name in ASCII, as "example.com": no scheme, port, path or "*", and no dot at its end',
);
const prefix = text((value) => value.length <= 64 && isCookieValue(value), "at most 64 characters a cookie can hold");

function resolveCookie(source: ConfigSource, cookieName: string): Settings["cookie"] {
  const sameSite = pick(source, "sameSite", sameSiteChoice, "lax");
  const partitioned = pick(source, "partitioned", flag, false);
  const domain = pick(source, "domain", hostName, undefined);
  const path = pick(
    source,
    "path",
    text(isCookiePath, 'an absolute path of characters a cookie can hold, as "/"'),
    "/",
  );
  const secure = pick(source, "secure", secureChoice, "auto");
  const httpOnly = pick(source, "httpOnly", flag, true);
  // Browsers compare these prefixes without regard to case (RFC 6265bis, section 5.7).
  const host = /^__host-/i.test(cookieName);
  if (host && domain !== undefined) refuse(source, "domain", 'absent when "cookieName" starts with __Host-');
  if (host && path !== "/") refuse(source, "path", '"/" when "cookieName" starts with __Host-');
  if (!httpOnly && /^__(?:host-)?http-/i.test(cookieName)) {
    refuse(source, "httpOnly", 'true when "cookieName" starts with __Http- or __Host-Http-');
  }
  const implied = host || /^__(?:secure|http)-/i.test(cookieName) || sameSite === "none" || partitioned;
  if (implied && secure === false) {
    const causes = 'a "cookieName" that starts with __Host-, __Secure- or __Http-, sameSite "none" or "partitioned"';
    refuse(source, "secure", `true or "auto" with ${causes}`);
  }
  const rest = { secure: implied || secure, httpOnly, sameSite, path, partitioned };
  return domain === undefined ? rest : { ...rest, domain };
}

function resolveLifetimes(source: ConfigSource) {
  const gc = pick(source, "gcLifetime", lifetime, 3600);
  const absolute = pick(source, "absoluteLifetime", lifetime, Number.POSITIVE_INFINITY);
  const cookie = pick(source, "cookieLifetime", whole(0, longestLifetime, "seconds"), 0);
  for (const key of ["gcLifetime", "maxLifetime", "absoluteLifetime", "cookieLifetime"] as const) {
    adviseSeconds(`config "${key}"`, pick(source, key, whole(0, longestLifetime, "seconds"), 0));
  }
  return {
    gcInterval: Math.min(gc * 1000, LONGEST_GC_INTERVAL),
    idle: pick(source, "maxLifetime", lifetime, gc) * 1000,
    absolute: absolute * 1000,
    cookieMaxAge: cookie === 0 ? undefined : cookie,
  };
}

function readSource(config: unknown, readSeed: typeof readSeedConfig | undefined): ConfigSource {
  if (config === undefined) return readObject({});
  if (typeof config === "string" && readSeed !== undefined) return readSeed(config, knownKeys);
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return readObject(config);
  throw new SessionError("SESS_CONFIG", "the configuration must be an object or the seed's JSON");
}

/**
 * Checks a configuration, an object or the seed's JSON, and fills in the defaults. For the seed's JSON it needs who
 * reads that, which is loaded for it alone.
 *
 * @throws SessionError `SESS_CONFIG`, naming the key and what is allowed, never the value.
 */
export function resolveConfig(
  config: (ManagerConfig & { readonly providerConfig?: unknown }) | string | undefined,
  readSeed?: typeof readSeedConfig,
): Settings {
  const source = readSource(config, readSeed);
  const cookieName = pick(source, "cookieName", token, "sessionid");
  const sidInHeader = pick(source, "sidInHeader", flag, false);
  pick(source, "sidHeaderName", token, undefined);
  const sidHeaderName = pick(source, "sidHeaderName", freeHeader, "X-Session-Id");
  return {
    cookieName,
    namespace: pick(
      source,
      "namespace",
      text((value) => value !== "", "a string that is not empty"),
      cookieName,
    ),
    ...resolveLifetimes(source),
    maxBytes: pick(source, "maxBytes", whole(1, 1_000_000_000, "bytes"), 1_000_000),
    enableSetCookie: pick(source, "enableSetCookie", flag, true),
    cookie: resolveCookie(source, cookieName),
    id: {
      bytes: pick(source, "sessionIdLength", whole(16, 64, "bytes"), 32),
      prefix: pick(source, "sessionIdPrefix", prefix, ""),
    },
    sidHeader: sidInHeader ? sidHeaderName : undefined,
    sidInUrlQuery: pick(source, "sidInUrlQuery", flag, false),
    trustProxy: pick(source, "trustProxy", trustChoice, false),
    now: pick(source, "now", clock, Date.now),
    onError: pick(source, "onError", responder, undefined),
    providerConfig: source.values.get("providerConfig"),
  };
}
