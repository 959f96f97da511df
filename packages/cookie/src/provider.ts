import type { TokenConnector, TokenContext, TokenProvider } from "@sess/core";
import { parseConfig, type Settings } from "./config.js";
import type { CookieConfig } from "./options.js";
import { stretch, warnOfPassphrase } from "./passphrase.js";
import { wrong } from "./problem.js";
import { SealedTokens } from "./sealed-tokens.js";
import { tokenKey } from "./token-key.js";

export type { CookieConfig, CookieKeys, CookieSecurityKey } from "./options.js";

/**
 * Sessions kept by the browser itself, sealed with AES-256-GCM. The configuration is `{ keys }`, `{ securityKey }` or
 * the seed's JSON. Throws a `SessionError` with `SESS_CONFIG` when it is wrong or missing: there is no default key.
 * Connecting reports an error in the seed's JSON, whose parser is loaded only when needed.
 */
export function cookie(config?: CookieConfig | string): TokenConnector {
  if (typeof config === "string") {
    const seed = async () => parseConfig(config, (await import("./seed-json.js")).readSeedJson);
    return { kind: "token", name: "cookie", connect: async (context) => connect(await seed(), context) };
  }
  const settings = parseConfig(config);
  return { kind: "token", name: "cookie", connect: (context) => connect(settings, context) };
}

async function connect(settings: Settings, context: TokenContext): Promise<TokenProvider> {
  if (settings.cookieName !== undefined && settings.cookieName !== context.cookieName) {
    throw wrong("cookieName must be the same as the Manager's cookieName, or absent");
  }
  const [newest, ...older] = (await masterKeys(settings)).map((master) => tokenKey(master, context));
  if (newest === undefined) throw wrong("needs keys");
  return new SealedTokens([newest, ...older], () => context.now());
}

async function masterKeys({ keys, passphrase }: Settings): Promise<readonly Uint8Array[]> {
  if (passphrase === undefined) return keys;
  warnOfPassphrase();
  return [...keys, await stretch(passphrase)];
}
