import type { IncomingMessage } from "node:http";
import type { LoadedSession, PresentedRival } from "../backend/session-backend.js";
import type { SessionError } from "../errors.js";
import type { RequestView } from "../http/request-view.js";
import type { WhyNone } from "../http/response-commit.js";

/**
 * The result for one of a request's ids. `failure`: why it cannot be read; it then counts as a session, unless it is
 * known to be a marker.
 */
export interface Found extends PresentedRival {
  readonly failure?: SessionError | undefined;
}

/** Which of the sessions that a request presented is the request's. */
export interface Selection {
  readonly found: LoadedSession | undefined;
  /** The live sessions, if there are several: the request then has no session. */
  readonly rivals: readonly PresentedRival[];
}

/** What a request came with. */
export interface PresentedSession extends Selection {
  /** Whether there was a cookie of our name at all. */
  readonly cookie: boolean;
  /** Why there is no session, where there is a reason. */
  readonly reason: WhyNone | undefined;
}

/**
 * Another place to look for a session when the request's ids lead to none. `req` is Node's request, if there is one.
 */
export type FallbackLookup = (request: RequestView, req?: IncomingMessage) => Promise<LoadedSession | undefined>;

const none: readonly PresentedRival[] = [];

/**
 * Selects from the results of a request's ids, grouped by place: the only live session of the first place that has one,
 * otherwise a marker that names a successor. If one place has several live sessions, none counts: one of the cookies
 * was planted (RFC 6265, section 8.6) or set for another path or domain, and it is unknown which.
 *
 * Throws if the selected record cannot be read. A session that this process cannot read counts too: the selection must
 * not depend on the process that gets the request.
 */
export function selectSession(places: readonly (readonly Found[])[]): Selection {
  for (const place of places) {
    const sessions = place.filter(({ stored }) => stored?.retired === undefined);
    if (sessions.length > 1) return { found: undefined, rivals: sessions };
    if (sessions.length === 1) return { found: read(sessions[0]), rivals: none };
  }
  return { found: read(places.find((place) => place.length > 0)?.[0]), rivals: none };
}

function read(found: Found | undefined): LoadedSession | undefined {
  if (found?.failure !== undefined) throw found.failure;
  return found?.stored && { identity: found.identity, stored: found.stored };
}

/** Why a request has no session: `some` is whether it came with anything that was meant as an id. */
export function whyNone({ found, rivals }: Selection, oversized: boolean, some: boolean): WhyNone | undefined {
  if (found !== undefined) return undefined;
  if (rivals.length > 0) return "ambiguous";
  if (oversized) return "oversized";
  return some ? "unknown" : undefined;
}
