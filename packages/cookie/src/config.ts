import { parseKeys } from "./keys.js";
import type { CookieConfig } from "./options.js";
import { keyCommand, wrong } from "./problem.js";
import type { readSeedJson } from "./seed-json.js";

/** The seed's secrets. */
export interface Passphrase {
  readonly securityKey: string;
  readonly blockKey: string;
  readonly securityName: string;
}

/** A configuration that has been checked: there is a key or a passphrase. */
export interface Settings {
  /** The newest first. */
  readonly keys: readonly Uint8Array[];
  /** Older than every key. */
  readonly passphrase: Passphrase | undefined;
  /** The name of the cookie in the seed's JSON. */
  readonly cookieName: string | undefined;
}

const known = ["keys", "securityKey"];

/**
 * Checks a configuration: typed options, or the seed's JSON. The latter needs `readSeed`, its parser.
 *
 * @throws SessionError `SESS_CONFIG`, naming the key, never its value.
 */
export function parseConfig(config: CookieConfig | string | undefined, readSeed?: typeof readSeedJson): Settings {
  if (config === undefined) throw wrong(`needs keys; make one with: ${keyCommand}`);
  if (typeof config === "string" && readSeed !== undefined) return parseSeed(readSeed(config));
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw wrong("must be an object or the seed's JSON");
  }
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`has a key that is not known here: ${JSON.stringify(unknown.slice(0, 40))}`);
  return settings(config.keys, config.securityKey, { blockKey: "", securityName: "" }, undefined);
}

function parseSeed(seed: ReturnType<typeof readSeedJson>): Settings {
  const { keys, securityKey, blockKey = "", securityName = "", cookieName } = seed;
  return settings(keys, securityKey, { blockKey, securityName }, cookieName);
}

function settings(
  keys: unknown,
  securityKey: unknown,
  rest: Omit<Passphrase, "securityKey">,
  cookieName: string | undefined,
): Settings {
  if (keys === undefined && securityKey === undefined) throw wrong(`needs keys; make one with: ${keyCommand}`);
  if (securityKey !== undefined && (typeof securityKey !== "string" || securityKey === "")) {
    throw wrong(
      `securityKey must be a text that is not empty; better, put a key before it in keys, made with: ${keyCommand}`,
    );
  }
  const passphrase = securityKey === undefined ? undefined : { securityKey, ...rest };
  return { keys: keys === undefined ? [] : parseKeys(keys), passphrase, cookieName };
}
