import type { Settings } from "../config/options.js";
import { isId } from "../ids.js";
import { cookieValues, isOversized, MAX_COOKIE_VALUES } from "./cookies.js";
import type { RequestView } from "./request-view.js";

/** The ids a request came with. */
export interface PresentedIds {
  /** Distinct and of the right shape, at most eight from all places together; usually one or none. */
  readonly all: readonly string[];
  /** The same ids by place: the cookie has priority over the header, and the header over the query. */
  readonly places: readonly (readonly string[])[];
  /** Whether there was a cookie of our name, of the right shape or not. Also true if that is unknown. */
  readonly cookie: boolean;
  /** Whether the request had anything that was meant as an id. */
  readonly some: boolean;
  /** Whether the Cookie header was too long to be read. */
  readonly oversized: boolean;
}

const nothing: PresentedIds = { all: [], places: [], cookie: false, some: false, oversized: false };

/**
 * Checks shapes only: a value that is not an id of ours costs no I/O. A stale id in one place does not hide an id in
 * another.
 */
export function presentedIds(request: RequestView, settings: Settings): PresentedIds {
  const header = request.header("cookie");
  if (header === undefined && settings.sidHeader === undefined && !settings.sidInUrlQuery) return nothing;
  const oversized = isOversized(header);
  const all: string[] = [];
  let [cookie, some] = [oversized, false];
  const isNew = (value: string): boolean => {
    some ||= value !== "";
    if (all.length === MAX_COOKIE_VALUES || !isId(settings.id, value) || all.includes(value)) return false;
    all.push(value);
    return true;
  };
  const inCookie = cookieValues(header, settings.cookieName, (value) => {
    cookie = true;
    return isNew(value);
  });
  const places = [inCookie];
  if (settings.sidHeader !== undefined) places.push(fromHeader(request, settings).filter(isNew));
  if (settings.sidInUrlQuery) places.push(fromQuery(request, settings).filter(isNew));
  return { all, places, cookie, some, oversized };
}

/**
 * Whether a call that a server makes to itself presents no other session than the request it is made for, and one in the
 * cookie if that has one there. Compares values of any shape: a sealed session has no id in its cookie.
 */
export function presentsSame(call: RequestView, request: RequestView, settings: Settings): boolean {
  const presented = presentedValues(call, settings);
  const allowed = presentedValues(request, settings);
  const isAllowed = (value: string) => allowed.flat().includes(value);
  return presented.flat().every(isAllowed) && (presented[0].length > 0 || allowed[0].length === 0);
}

function presentedValues(request: RequestView, settings: Settings): readonly [cookie: string[], ...others: string[][]] {
  const inCookie = cookieValues(request.header("cookie"), settings.cookieName, (value) => value !== "");
  return [inCookie, fromHeader(request, settings), fromQuery(request, settings)];
}

function fromHeader(request: RequestView, { sidHeader }: Settings): string[] {
  const value = sidHeader && request.header(sidHeader.toLowerCase());
  return value ? [value] : [];
}

function fromQuery({ url }: RequestView, settings: Settings): string[] {
  const start = settings.sidInUrlQuery ? url.indexOf("?") : -1;
  return start < 0 ? [] : new URLSearchParams(url.slice(start)).getAll(settings.cookieName);
}
