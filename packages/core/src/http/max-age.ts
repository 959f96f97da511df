import type { Settings } from "../config/options.js";
import type { StoredSession } from "../record/stored-session.js";

/** Browsers keep no cookie longer, seconds: 400 days (RFC 6265bis, section 5.5). */
const longest = 400 * 86_400;

/**
 * Max-Age of a session's cookie, seconds; `undefined` is until the browser closes.
 *
 * A cookie is sent with a new id only, while use prolongs its session. One that is to last as long as its session must
 * therefore outlast every use: the server keeps the end, and the browser must only not forget earlier. It never promises
 * more than the absolute end.
 */
export function maxAgeOf(stored: StoredSession | undefined, settings: Settings): number | undefined {
  const asked = stored?.lifetime === undefined ? configured(settings) : ownMaxAge(stored.lifetime, stored, settings);
  if (asked === undefined) return undefined;
  const left = Math.floor(((stored?.absolute ?? Number.POSITIVE_INFINITY) - settings.now()) / 1000);
  return Math.max(0, Math.min(asked, left));
}

/** One that is below the idle lifetime is meant as it is written. */
function configured({ cookieMaxAge, idle }: Settings): number | undefined {
  return cookieMaxAge !== undefined && cookieMaxAge * 1000 >= idle ? longest : cookieMaxAge;
}

/** A lifetime that is shorter than what is stored already, having been set after that, only the browser can keep. */
function ownMaxAge(lifetime: number, { expiresAt }: StoredSession, { now }: Settings): number {
  return expiresAt - now() > lifetime ? Math.floor(lifetime / 1000) : longest;
}
