import type { LoadedSession } from "../backend/session-backend.js";
import { cookieValues } from "../http/cookies.js";
import type { RequestView } from "../http/request-view.js";
import type { FallbackLookup } from "../manager/select-session.js";
import type { ManagerInternals } from "./internals.js";

/** What cookie-parser, or whoever did its work, has put on a request. */
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

/** What a Manager finds for a cookie of its name that holds `value`. Markers are returned, as for any client. */
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

/** Where each Manager looks besides: several middlewares may be made of one. */
const places = new WeakMap<ManagerInternals, FallbackLookup[]>();

/** Has a Manager look there as well. The first time it is told of any place, it learns of cookies that were parsed. */
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

/** Our own cookie, where the header has none of that name and somebody has said what it is. */
function parsedCookiesOf(internals: ManagerInternals): FallbackLookup {
  const { cookieName } = internals.settings;
  return async (request, req) => {
    const value = parsedCookie((req as ParsedCookies | undefined)?.cookies, cookieName);
    if (value === undefined || cookieValues(request.header("cookie"), cookieName).length > 0) return undefined;
    return foundBy(internals, request, value);
  };
}
