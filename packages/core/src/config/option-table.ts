/** Each option: its check, its default, and its name in the seed's JSON if that differs by more than case. */
import { isCookieDomain, isCookieName, isCookiePath, isCookieValue } from "../http/cookies.js";
import { longestLifetime } from "../limits.js";
import type { FieldsSchema, SchemaConfig } from "../schema/standard-schema.js";
import { type Check, isWhole, pick, text, whole } from "./checks.js";
import type { ErrorResponder, ManagerConfig, SameSite, TrustProxy } from "./options.js";
import type { ConfigSource } from "./seed-json.js";

interface Option<T, F> {
  readonly check: Check<T>;
  /** The value if the key is absent. */
  readonly fallback: F;
  readonly seedName?: string | undefined;
}

function option<T, F = T>(check: Check<T>, fallback: F, seedName?: string): Option<T, F> {
  return { check, fallback, seedName };
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

const invalidChoice: Check<"drop" | "error"> = [(value) => value === "drop" || value === "error", '"drop" or "error"'];
const schemas: Check<FieldsSchema<Record<string, unknown>>> = [
  (value): value is FieldsSchema<Record<string, unknown>> =>
    typeof value === "object" && value !== null && Object.values(value).every(isStandardSchema),
  "an object with a Standard Schema (zod, valibot, arktype) for each field",
];
const migration: Check<NonNullable<SchemaConfig<object>["migrate"]>> = [
  (value): value is NonNullable<SchemaConfig<object>["migrate"]> => typeof value === "function",
  "a function of the fields and their version",
];

const token = text(isCookieName, "a token: letters, digits and !#$%&'*+-.^_`|~");
const hostName = text(
  isCookieDomain,
  'a host name in ASCII, as "example.com": no scheme, port, path or "*", and no dot at its end',
);
const prefix = text((value) => value.length <= 64 && isCookieValue(value), "at most 64 characters a cookie can hold");
const path = text(isCookiePath, 'an absolute path of characters a cookie can hold, as "/"');
const filled = text((value) => value !== "", "a string that is not empty");
const anything: Check<unknown> = [(value): value is unknown => value !== undefined, "anything"];

export const optionTable = {
  cookieName: option(token, "sessionid"),
  gcLifetime: option(lifetime, 3600),
  /** As `gcLifetime`. */
  maxLifetime: option(lifetime, undefined),
  absoluteLifetime: option(lifetime, Number.POSITIVE_INFINITY),
  maxBytes: option(whole(1, 1_000_000_000, "bytes"), 1_000_000),
  cookieLifetime: option(whole(0, longestLifetime, "seconds"), 0),
  enableSetCookie: option(flag, true),
  secure: option<boolean | "auto">(secureChoice, "auto"),
  httpOnly: option(flag, true, "disableHTTPOnly"),
  sameSite: option<SameSite>(sameSiteChoice, "lax", "cookieSameSite"),
  domain: option(hostName, undefined),
  path: option(path, "/"),
  partitioned: option(flag, false),
  sessionIdLength: option(whole(16, 64, "bytes"), 32),
  sessionIdPrefix: option(prefix, ""),
  sidInHeader: option(flag, false, "EnableSidInHTTPHeader"),
  sidHeaderName: option(token, "X-Session-Id", "SessionNameInHTTPHeader"),
  sidInUrlQuery: option(flag, false, "EnableSidInURLQuery"),
  trustProxy: option<TrustProxy>(trustChoice, false),
  /** As `cookieName`. */
  namespace: option(filled, undefined),
  global: option(filled, undefined),
  now: option(clock, Date.now),
  onError: option(responder, undefined),
  schema: option(schemas, undefined),
  onInvalid: option<"drop" | "error">(invalidChoice, "drop"),
  schemaVersion: option(whole(1, 1_000_000_000, "versions"), undefined),
  migrate: option(migration, undefined),
  /** Checked by the provider. */
  providerConfig: option(anything, undefined),
} satisfies Record<keyof ManagerConfig | keyof SchemaConfig<object> | "providerConfig", Option<unknown, unknown>>;

export type OptionName = keyof typeof optionTable;

/** Also one that is a function, as arktype's are. */
function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as { "~standard"?: unknown })["~standard"];
  if (typeof standard !== "object" || standard === null) return false;
  const { version, validate } = standard as { version?: unknown; validate?: unknown };
  return version === 1 && typeof validate === "function";
}

type ValueOf<O> = O extends Option<infer T, infer F> ? T | F : never;

/** The value of an option: checked where it was given, else its default. */
export function optionOf<K extends OptionName>(source: ConfigSource, key: K): ValueOf<(typeof optionTable)[K]> {
  const { check, fallback } = optionTable[key] as Option<unknown, unknown>;
  return pick(source, key, check, fallback) as ValueOf<(typeof optionTable)[K]>;
}
