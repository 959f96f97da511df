import type { LoadedSession } from "../backend/session-backend.js";
import { cookieValues } from "../http/cookies.js";
import type { RequestView } from "../http/request-view.js";
import type { FallbackLookup } from "../manager/select-session.js";
import type { ManagerInternals } from "../session-object/internals.js";

/** The cookies that cookie-parser, or a replacement, has put on a request. */
export interface ParsedCookies {
  readonly cookies?: Readonly<Record<string, unknown>>;
  /** Their signatures were verified, and taken off. */
  readonly signedCookies?: Readonly<Record<string, unknown>>;
}

/** A cookie among those that were parsed, where it is text. */
export function parsedCookie(cookies: ParsedCookies["cookies"], name: string): string | undefined {
  const value = cookies && Object.hasOwn(cookies, name) ? cookies[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/**
 * The session that a Manager finds for a cookie of its name with this `value`. Markers are returned, as for any client.
 */
export async function foundBy(
  internals: ManagerInternals,
  request: RequestView,
  value: string,
): Promise<LoadedSession | undefined> {
  const cookie = `${internals.settings.cookieName}=${value}`;
  const header = (name: string) => (name === "cookie" ? cookie : undefined);
  const { encrypted, peer } = request;
  return (await internals.presented({ header, url: "", host: () => "", encrypted, peer })).found;
}

/** The additional places of each Manager, since one Manager may serve several middlewares. */
const places = new WeakMap<ManagerInternals, FallbackLookup[]>();

/** Adds places where a Manager looks for a session. The first call also adds the parsed cookies. */
export function lookIn(internals: ManagerInternals, ...more: FallbackLookup[]): void {
  const known = places.get(internals);
  if (known !== undefined) {
    known.push(...more);
    return;
  }
  const all = [parsedCookiesOf(internals), ...more];
  places.set(internals, all);
  internals.setFallbackLookup(async (request, req) => {
    for (const place of all) {
      const found = await place(request, req);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** Our own cookie as a parser has found it, if the header has none of that name. */
function parsedCookiesOf(internals: ManagerInternals): FallbackLookup {
  const { cookieName } = internals.settings;
  return async (request, req) => {
    const value = parsedCookie((req as ParsedCookies | undefined)?.cookies, cookieName);
    if (value === undefined || cookieValues(request.header("cookie"), cookieName).length > 0) return undefined;
    return foundBy(internals, request, value);
  };
}
