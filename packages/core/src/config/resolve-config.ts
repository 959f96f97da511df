import { SessionError } from "../errors.js";
import { quoted, refuse } from "./checks.js";
import { isFreeHeader } from "./header-names.js";
import { optionOf, optionTable } from "./option-table.js";
import type { ManagerConfig, Settings } from "./options.js";
import type { ConfigSource, readSeedConfig } from "./seed-json.js";
import { adviseSeconds } from "./unit-advice.js";

/** Node's timers overflow at 2^31 ms and then fire at once. */
const longestGcInterval = 24 * 86_400_000;

/**
 * Checks a configuration (an object, or the seed's JSON) and adds the defaults. The seed's JSON needs a reader, which
 * is loaded only then.
 *
 * @throws SessionError `SESS_CONFIG`, naming the key and what is allowed, never the value.
 */
export function resolveConfig(
  config: (ManagerConfig & { readonly providerConfig?: unknown }) | string | undefined,
  readSeed?: typeof readSeedConfig,
): Settings {
  const source = readSource(config, readSeed);
  const cookieName = optionOf(source, "cookieName");
  const sidInHeader = optionOf(source, "sidInHeader");
  const sidHeaderName = optionOf(source, "sidHeaderName");
  if (!isFreeHeader(sidHeaderName)) {
    refuse(source, "sidHeaderName", 'a header that means nothing else, as "X-Session-Id"');
  }
  return {
    cookieName,
    namespace: optionOf(source, "namespace") ?? cookieName,
    ...resolveLifetimes(source),
    maxBytes: optionOf(source, "maxBytes"),
    enableSetCookie: optionOf(source, "enableSetCookie"),
    cookie: resolveCookie(source, cookieName),
    id: { bytes: optionOf(source, "sessionIdLength"), prefix: optionOf(source, "sessionIdPrefix") },
    sidHeader: sidInHeader ? sidHeaderName : undefined,
    sidInUrlQuery: optionOf(source, "sidInUrlQuery"),
    trustProxy: optionOf(source, "trustProxy"),
    global: optionOf(source, "global"),
    now: optionOf(source, "now"),
    onError: optionOf(source, "onError"),
    fields: resolveFields(source),
    providerConfig: optionOf(source, "providerConfig"),
  };
}

function readSource(config: unknown, readSeed: typeof readSeedConfig | undefined): ConfigSource {
  if (config === undefined) return readObject({});
  if (typeof config === "string" && readSeed !== undefined) return readSeed(config, seedNames());
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return readObject(config);
  throw new SessionError("SESS_CONFIG", "the configuration must be an object or the seed's JSON");
}

/** The seed's names of the options, by ours. */
function seedNames(): ReadonlyMap<string, string> {
  return new Map(Object.entries(optionTable).map(([key, { seedName = key }]) => [key, seedName]));
}

function readObject(config: object): ConfigSource {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(config)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(optionTable, name)) {
      const near = Object.keys(optionTable).find((key) => key.toLowerCase() === name.toLowerCase());
      const hint = near === undefined ? "" : `, did you mean "${near}"?`;
      throw new SessionError("SESS_CONFIG", `unknown config key ${quoted(name)}${hint}`);
    }
    values.set(name, value);
  }
  return { values, writtenAs: new Map() };
}

function resolveLifetimes(source: ConfigSource) {
  const gc = optionOf(source, "gcLifetime");
  const absolute = optionOf(source, "absoluteLifetime");
  const cookie = optionOf(source, "cookieLifetime");
  const idle = optionOf(source, "maxLifetime") ?? gc;
  for (const key of ["gcLifetime", "maxLifetime", "absoluteLifetime", "cookieLifetime"] as const) {
    const given = source.values.get(key);
    if (typeof given === "number") adviseSeconds(`config "${key}"`, given);
  }
  return {
    gcInterval: Math.min(gc * 1000, longestGcInterval),
    idle: idle * 1000,
    absolute: absolute * 1000,
    cookieMaxAge: cookie === 0 ? undefined : cookie,
  };
}

function resolveFields(source: ConfigSource): Settings["fields"] {
  const has = (key: string) => source.values.has(key);
  for (const key of ["onInvalid", "schemaVersion", "migrate"]) {
    if (has(key) && !has("schema")) refuse(source, key, 'absent without "schema"');
  }
  if (has("migrate") && !has("schemaVersion")) refuse(source, "schemaVersion", 'present with "migrate"');
  if (has("schemaVersion") && !has("migrate")) refuse(source, "migrate", 'present with "schemaVersion"');
  const schema = optionOf(source, "schema");
  if (schema === undefined) return undefined;
  return {
    schema,
    onInvalid: optionOf(source, "onInvalid"),
    schemaVersion: optionOf(source, "schemaVersion"),
    migrate: optionOf(source, "migrate"),
  };
}

function resolveCookie(source: ConfigSource, cookieName: string): Settings["cookie"] {
  const sameSite = optionOf(source, "sameSite");
  const partitioned = optionOf(source, "partitioned");
  const domain = optionOf(source, "domain");
  const path = optionOf(source, "path");
  const secure = optionOf(source, "secure");
  const httpOnly = optionOf(source, "httpOnly");
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
