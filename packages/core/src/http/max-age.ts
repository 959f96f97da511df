import type { Settings } from "../config/options.js";
import type { StoredSession } from "../record/stored-session.js";

/** Browsers keep a cookie for at most 400 days (RFC 6265bis, section 5.5). Seconds. */
const longest = 400 * 86_400;

/**
 * Max-Age of a session's cookie, seconds; `undefined` means until the browser closes.
 *
 * Use prolongs a session, but only a new id sends its cookie. A cookie that is to last as long as its session must
 * therefore outlast every use. The server decides the session's end; the browser only must not remove the cookie
 * earlier. Max-Age never exceeds the absolute end.
 */
export function maxAgeOf(stored: StoredSession | undefined, settings: Settings): number | undefined {
  const asked = stored?.lifetime === undefined ? configured(settings) : ownMaxAge(stored.lifetime, stored, settings);
  if (asked === undefined) return undefined;
  const left = Math.floor(((stored?.absolute ?? Number.POSITIVE_INFINITY) - settings.now()) / 1000);
  return Math.max(0, Math.min(asked, left));
}

/** A value below the idle lifetime is used as configured. */
function configured({ cookieMaxAge, idle }: Settings): number | undefined {
  // rule: a-cookie-outlasts-every-use
  return cookieMaxAge !== undefined && cookieMaxAge * 1000 >= idle ? longest : cookieMaxAge;
}

/** A lifetime that was set after storing and is shorter than the stored one can only be enforced by the browser. */
function ownMaxAge(lifetime: number, { expiresAt }: StoredSession, { now }: Settings): number {
  return expiresAt - now() > lifetime ? Math.floor(lifetime / 1000) : longest;
}
