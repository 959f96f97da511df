import { SessionError } from "../errors.js";
import type { StoredSession } from "../record/stored-session.js";

/** The error for a request whose session has ended or has another id. */
export function goneOrRetired(current: StoredSession | undefined): SessionError {
  return current?.retired
    ? new SessionError("SESS_RETIRED", "this session has a new id; the request came with the old one")
    : new SessionError("SESS_GONE", "this session was destroyed or has expired");
}

export function conflict(): SessionError {
  return new SessionError("SESS_CONFLICT", "other processes kept changing this session until the retry bound");
}

export function tooLate(): SessionError {
  return new SessionError("SESS_UNAVAILABLE", "earlier writes of this session took too long");
}

/** The error of an operation that may have been done or may still be. */
export function unanswered(): SessionError {
  return new SessionError("SESS_UNAVAILABLE", "the session store gave no answer in time");
}

/** The error of an operation that was not done and will not be. */
export function busy(): SessionError {
  return new SessionError("SESS_UNAVAILABLE", "too much is waiting for the session store already");
}

export function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "this session manager was closed");
}
