import type { Changes, FieldUpdate } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import type { FieldSchemas } from "../schema/field-schemas.js";
import type { Deadline } from "./deadline.js";
import type { Regenerated } from "./regenerate.js";

/** Where a session's id comes from and which key it is stored under. */
export interface Identity {
  readonly id: string;
  readonly key: string;
}

/** A session or a marker, and the id that led to it. */
export interface LoadedSession {
  readonly identity: Identity;
  readonly stored: StoredSession;
}

/**
 * One of several sessions that a request presented. A record that cannot be read counts as a session too, and can be
 * ended.
 */
export interface PresentedRival {
  readonly identity: Identity;
  readonly stored: StoredSession | undefined;
}

/** The place where a session is kept: a store, or the client itself. */
export interface SessionBackend {
  /** Whether the cookie holds the session itself, so that every change needs a new one. */
  readonly inCookie: boolean;
  /** What is known of the fields' types, if anything. */
  readonly schemas: FieldSchemas | undefined;
  /** The deadline of an operation that is requested now. */
  deadline(): Deadline;
  load(key: string, deadline?: Deadline): Promise<StoredSession | undefined>;
  /** Resolves to the session with the changes; to `undefined` if there still is nothing to store. */
  commit(
    identity: Identity,
    base: StoredSession | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
    deadline: Deadline,
  ): Promise<StoredSession | undefined>;
  regenerate(
    identity: Identity,
    next: Identity,
    loaded: StoredSession,
    changes: Changes,
    deadline: Deadline,
  ): Promise<Regenerated>;
  /** Resolves to whether there was a session. */
  destroy(key: string, loaded: StoredSession | undefined, deadline: Deadline): Promise<boolean>;
  /** Prolongs a session and resolves to its known state afterwards. A failing store is an event, never an error. */
  touch(identity: Identity, stored: StoredSession, expiresAt: number, deadline: Deadline): Promise<StoredSession>;
  /**
   * Ends the sessions that were presented together, so that the stored session is the client's only one; without it,
   * the client has none. Resolves to the known state of the session afterwards.
   */
  supersede(
    rivals: readonly PresentedRival[],
    identity: Identity,
    stored: StoredSession | undefined,
    deadline: Deadline,
  ): Promise<StoredSession | undefined>;
  /** The content of a session's cookie. */
  cookieValue(identity: Identity, stored: StoredSession): string;
}
