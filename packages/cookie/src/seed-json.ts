import { wrong } from "./problem.js";

/** What the seed's JSON says, checked as far as its types. */
export interface SeedConfig {
  readonly cookieName: string | undefined;
  readonly securityKey: string | undefined;
  readonly securityName: string | undefined;
  readonly blockKey: string | undefined;
  /** Ours, for configurations that come from the environment. */
  readonly keys: unknown;
}

/**
 * Reads the JSON of beego's cookie provider as Go would: keys in any case, the last of a repeated key wins, unknown keys
 * and nulls are ignored, an empty string is an unset one except where it is the `securityKey`.
 *
 * - `cookieName` must be the Manager's.
 * - `securityKey` and `blockKey` are secrets, `securityName` tells applications apart: all three go into the key.
 * - `secure` and `maxage` are the Manager's to know: only the values that say nothing are accepted.
 *
 * @throws SessionError `SESS_CONFIG`, naming the key, never its value.
 */
export function readSeedJson(json: string): SeedConfig {
  const values = lowerCased(parseObject(json));
  refuseUnless(values, "secure", false, '"secure" of the Manager');
  refuseUnless(values, "maxage", 0, '"cookieLifetime" and "maxLifetime" of the Manager');
  return {
    cookieName: textOf(values, "cookieName") || undefined,
    securityKey: textOf(values, "securityKey"),
    securityName: textOf(values, "securityName"),
    blockKey: textOf(values, "blockKey"),
    keys: values.get("keys"),
  };
}

function parseObject(json: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // Without its cause, which quotes the text: a key is in it.
    throw wrong("is a string but not valid JSON; keys go into { keys: [...] }");
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw wrong("must be a JSON object");
}

function lowerCased(object: object): Map<string, unknown> {
  const present = Object.entries(object).filter(([, value]) => value !== null);
  return new Map(present.map(([name, value]) => [name.toLowerCase(), value]));
}

function textOf(values: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = values.get(name.toLowerCase());
  if (value === undefined || typeof value === "string") return value;
  throw wrong(`${name} must be a string`);
}

/** To ignore such a setting would be to drop what somebody relies on. */
function refuseUnless(values: ReadonlyMap<string, unknown>, name: string, unset: unknown, instead: string): void {
  const value = values.get(name);
  if (value !== undefined && value !== unset) throw wrong(`${name} is not the provider's to set: use ${instead}`);
}
