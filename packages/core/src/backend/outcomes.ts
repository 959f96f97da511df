import type { StoreErrorEvent } from "../diagnostics.js";
import { isOfOneRecord, isSessionError, SessionError, type SessionErrorCode } from "../errors.js";
import type { StoredSession } from "../record/stored-session.js";

/** The outcome of a batch: written, or refused by the present record. */
export type WriteOutcome =
  | {
      readonly written: true;
      /**
       * The state from which the writer goes on: a session that contains the write, never a marker of another request.
       */
      readonly stored: StoredSession;
      /** The present record, as far as the answer says. */
      readonly latest: StoredSession;
    }
  | { readonly written: false; readonly current: StoredSession | undefined };

/** The result for one of several keys. `failure`: the record cannot be read; it may still be known as a marker. */
export interface Reading {
  readonly stored: StoredSession | undefined;
  readonly failure?: SessionError;
}

// Error codes of a provider that mean that nothing was or will be written.
export const certain: ReadonlySet<SessionErrorCode> = new Set([
  "SESS_TOO_LARGE",
  "SESS_VALUE",
  "SESS_UNSUPPORTED",
  "SESS_CLOSED",
  "SESS_ENVELOPE",
  "SESS_SCHEMA",
]);

/** Returns an error about one record; throws any other. */
export function unreadable(error: unknown): SessionError {
  if (isOfOneRecord(error)) return error;
  throw error;
}

export function written(stored: StoredSession, latest: StoredSession = stored): WriteOutcome {
  return { written: true, stored, latest };
}

export function unavailable(operation: StoreErrorEvent["operation"], error: unknown): SessionError {
  if (isSessionError(error) && error.code === "SESS_UNAVAILABLE") return error;
  return new SessionError("SESS_UNAVAILABLE", `the session store failed to ${operation}`, { cause: error });
}
