import type { IncomingMessage } from "node:http";
import type { LoadedSession } from "../backend/session-backend.js";
import type { RequestView } from "../http/request-view.js";
import type { WhyNone } from "../http/response-commit.js";

/** Which of the sessions that a request presented is the request's. */
export interface Selection {
  readonly found: LoadedSession | undefined;
  /** The live sessions, where there are several: the request has none then. */
  readonly rivals: readonly LoadedSession[];
}

/** What a request came with. */
export interface PresentedSession extends Selection {
  /** Whether there was a cookie of our name at all. */
  readonly cookie: boolean;
  /** Why there is no session, where there is a reason. */
  readonly reason: WhyNone | undefined;
}

/** Where else a session may be found, when what a request came with leads to none. `req`: what Node has of it. */
export type FallbackLookup = (request: RequestView, req?: IncomingMessage) => Promise<LoadedSession | undefined>;

const none: readonly LoadedSession[] = [];

/**
 * Of what a request's ids lead to, by the place they came in: the one session of the first place that has one, or else a
 * marker that names a successor. Several live sessions in one place are nobody's: one of the cookies was planted
 * (RFC 6265, section 8.6), or set for another path or domain, and nothing says which.
 */
export function selectSession(places: readonly (readonly LoadedSession[])[]): Selection {
  for (const place of places) {
    const sessions = place.filter(({ stored }) => stored.retired === undefined);
    if (sessions.length > 1) return { found: undefined, rivals: sessions };
    if (sessions.length === 1) return { found: sessions[0], rivals: none };
  }
  return { found: places.find((place) => place.length > 0)?.[0], rivals: none };
}

/** Why a request has no session: `some` is whether it came with anything that was meant as an id. */
export function whyNone({ found, rivals }: Selection, oversized: boolean, some: boolean): WhyNone | undefined {
  if (found !== undefined) return undefined;
  if (rivals.length > 0) return "ambiguous";
  if (oversized) return "oversized";
  return some ? "unknown" : undefined;
}
