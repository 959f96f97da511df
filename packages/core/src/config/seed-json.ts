/** The seed's configuration: the JSON that Go's encoding/json would read into beego's session.ManagerConfig. */
import { SessionError } from "../errors.js";

/** The configured values by our names of the keys, with the written names for messages. */
export interface ConfigSource {
  readonly values: ReadonlyMap<string, unknown>;
  /** Only the keys whose written name differs from ours by more than case. */
  readonly writtenAs: ReadonlyMap<string, string>;
}

/** Go's http.SameSite: 1 leaves it to the browser, which takes such a cookie for Lax; 2, 3 and 4 say so. */
const goSameSite: ReadonlyMap<unknown, string> = new Map([
  [1, "lax"],
  [2, "lax"],
  [3, "strict"],
  [4, "none"],
]);

function parseObject(json: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    // The cause is left out because it quotes the text, which may contain a password.
    throw new SessionError("SESS_CONFIG", "the configuration is a string but not valid JSON");
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new SessionError("SESS_CONFIG", "the configuration must be a JSON object");
}

/** What the seed's value of a key is in our terms; `undefined` counts as absent. */
function translate(written: string, value: unknown): unknown {
  if (written === "disableHTTPOnly") {
    if (typeof value === "boolean") return !value;
    throw new SessionError("SESS_CONFIG", `config "${written}" must be true or false`);
  }
  if (written === "cookieSameSite" && typeof value === "number") {
    const word = goSameSite.get(value);
    if (word !== undefined) return word;
    throw new SessionError("SESS_CONFIG", `config "${written}" must be 1 to 4 as in Go, "lax", "strict" or "none"`);
  }
  // In Go an empty string is an unset one.
  if (value === "" && (written === "domain" || written === "SessionNameInHTTPHeader")) return undefined;
  return value;
}

/**
 * Reads a configuration string as Go would: keys in any case, by the seed's names or by ours, the last of a repeated
 * key wins, unknown keys and nulls are ignored.
 *
 * @param names the seed's name of each key, by ours.
 * @throws SessionError `SESS_CONFIG` on what is not a JSON object, or has no meaning in the seed's terms.
 */
export function readSeedConfig(json: string, names: ReadonlyMap<string, string>): ConfigSource {
  const known = new Map([...names.keys()].map((key) => [key.toLowerCase(), { key, written: key }]));
  for (const [key, written] of names) {
    if (written.toLowerCase() !== key.toLowerCase()) known.set(written.toLowerCase(), { key, written });
  }
  const values = new Map<string, unknown>();
  const writtenAs = new Map<string, string>();
  for (const [name, value] of Object.entries(parseObject(json))) {
    const match = known.get(name.toLowerCase());
    if (match === undefined || value === null) continue;
    const translated = translate(match.written, value);
    if (translated === undefined) continue;
    values.set(match.key, translated);
    writtenAs.set(match.key, match.written);
  }
  return { values, writtenAs };
}
