import type { Identity, PresentedRival, SessionBackend } from "../backend/session-backend.js";
import type { StoredSession } from "../record/stored-session.js";

/** What a session needs of the response it belongs to. */
export interface Binding {
  /** Whether the headers have been sent, so that no cookie can be set. */
  readonly headersSent: boolean;
  /** Whether the response has ended: it stores nothing any more, and reports no failure. */
  readonly ended: boolean;
  /** From this call on, no cookie can be set. */
  noMoreCookies(): void;
  /** The session was destroyed after the headers were sent, so the client keeps its cookie. */
  cookieStays(): void;
}

/** What a session is made of. */
export interface SessionParts {
  readonly backend: SessionBackend;
  readonly now: () => number;
  /** Idle lifetime, ms. */
  readonly idle: number;
  readonly newIdentity: () => Identity;
  readonly identity: Identity;
  /** A session, a marker that names a successor, or `undefined` when nothing is stored. */
  readonly stored: StoredSession | undefined;
  readonly ownerKey: (owner: string) => string;
  /** Whether the client presented a cookie of our name. */
  readonly presented: boolean;
  /** The live sessions that the client presented together: none of them is this one. */
  readonly rivals: readonly PresentedRival[];
  /** Absent on a session that belongs to no response. */
  readonly binding?: Binding | undefined;
}
