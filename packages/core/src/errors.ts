import { types } from "node:util";

const statuses = {
  /** The session was destroyed, or expired, while this request was using it. */
  SESS_GONE: 409,
  /** The session got a new id while this request was using the old one. */
  SESS_RETIRED: 409,
  /** The Manager was closed. */
  SESS_CLOSED: 503,
  /** The store failed, did not answer in time, or too many writes of one session were waiting. */
  SESS_UNAVAILABLE: 503,
  /** Other processes kept winning the race for one session until the retry bound was reached. */
  SESS_CONFLICT: 503,
  /** The stored record is intact but of a format this version does not know. */
  SESS_ENVELOPE: 503,
  /** A stored field does not fit its schema, or its migration failed, with `onInvalid: "error"`. */
  SESS_SCHEMA: 500,
  /** The session does not fit into what the provider can keep. */
  SESS_TOO_LARGE: 500,
  /** A field name or value that cannot be kept as it is. */
  SESS_VALUE: 500,
  /** The provider cannot do what was asked. */
  SESS_UNSUPPORTED: 500,
  /** A change needs a cookie, and the response's headers have gone. */
  SESS_HEADERS_SENT: 500,
  /** Start-up: a configuration key is wrong; the message names it. */
  SESS_CONFIG: 500,
  /** Start-up: the provider is unknown, or its registration is wrong. */
  SESS_PROVIDER: 500,
} as const;

/** Every `code` a {@link SessionError} can have: a closed list. */
export type SessionErrorCode = keyof typeof statuses;

/**
 * The one error class of @sess. Tell errors apart by `error.code`, never by `instanceof` or by the message: two
 * copies of core in one process are two classes. No message holds an id, an owner or a value.
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode;
  /** The HTTP status this code suggests. */
  readonly status: number;

  constructor(code: SessionErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "SessionError";
    this.code = code;
    this.status = statuses[code];
  }

  /**
   * A plain response with {@link status}, for code that answers a `Request` itself. It tells a client what it may know,
   * and nothing of the message. It has no session's headers: return it to `respond`, or from `onError`.
   */
  toResponse(): Response {
    const headers = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
    return new Response(errorText(this.status, "The request failed."), { status: this.status, headers });
  }
}

/** The body of an error response. It contains only what a client may know. */
export function errorText(status: number, otherwise: string): string {
  return `${status === 409 ? "The session has changed meanwhile." : otherwise}\n`;
}

/** Whether an error is a {@link SessionError}, of this copy of core or of another, in this realm or in another. */
export function isSessionError(error: unknown): error is SessionError {
  if (!types.isNativeError(error) || !("code" in error) || !("status" in error)) return false;
  return typeof error.code === "string" && Object.hasOwn(statuses, error.code) && typeof error.status === "number";
}

/** Whether it is about one record that cannot be read, and not about the store. */
export function isOfOneRecord(error: unknown): error is SessionError {
  return isSessionError(error) && ["SESS_ENVELOPE", "SESS_SCHEMA", "SESS_TOO_LARGE"].includes(error.code);
}

/** Whether a change was refused because its session is gone, or under another id. */
export function isRefusal(error: unknown): error is SessionError {
  return isSessionError(error) && (error.code === "SESS_GONE" || error.code === "SESS_RETIRED");
}
