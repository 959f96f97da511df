import { wrong } from "./problem.js";

/** The settings in the seed's JSON, with their types checked. */
export interface SeedConfig {
  readonly cookieName: string | undefined;
  readonly securityKey: string | undefined;
  readonly securityName: string | undefined;
  readonly blockKey: string | undefined;
  /** Not in the seed: for configurations that come from the environment. */
  readonly keys: unknown;
}

/**
 * Reads the JSON of beego's cookie provider as Go would: keys match in any case, the last of a repeated key wins,
 * unknown keys and nulls are ignored, and an empty string counts as absent except for `securityKey`.
 *
 * - `cookieName` must equal the Manager's.
 * - `securityKey` and `blockKey` are secrets and `securityName` separates applications: the key is derived from all
 *   three.
 * - `secure` and `maxage` belong to the Manager: only the values that mean "not set" are accepted.
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
    // The cause is left out because it quotes the text, which holds a key.
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

/** A setting that is ignored silently could be one that the application relies on. */
function refuseUnless(values: ReadonlyMap<string, unknown>, name: string, unset: unknown, instead: string): void {
  const value = values.get(name);
  if (value !== undefined && value !== unset) throw wrong(`${name} is not the provider's to set: use ${instead}`);
}
