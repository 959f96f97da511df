import { NoAnswer, SessionError } from "@sess/core";

// Codes of "Appendix A. PostgreSQL Error Codes".
const rolledBack = new Set(["40001", "40P01", "26000"]);
const unprepared = new Set(["26000", "42P05", "0A000"]);
const refusedAtStart = new Set(["28000", "28P01", "3D000", "3F000", "42501", "42P01", "55000"]);
const noTls = "The server does not support SSL connections";

/** A statement that was not sent, because too many are waiting already. */
export class TooManyWaiting extends Error {
  constructor() {
    super("too many operations wait for a connection");
    this.name = "TooManyWaiting";
  }
}

/** Whether the server rolled the statement back or never ran it. It may then be sent again, whatever it does. */
export function ranNot(error: unknown): boolean {
  return rolledBack.has(codeOf(error));
}

/**
 * Whether a prepared statement did not run because it is not the connection's, was prepared there before, or would return
 * other types than at that time.
 */
export function isUnprepared(error: unknown): boolean {
  return unprepared.has(codeOf(error));
}

/** Whether the error is the server's own answer and the connection can still be used. */
export function wasAnswered(error: unknown): boolean {
  const code = codeOf(error);
  return code !== "" && !/^(08|57P0[125])/.test(code);
}

/** Whether the connection was lost after a statement had been sent on it. A missing answer is not a lost connection. */
export function isLost(error: unknown): boolean {
  const wasNotSent =
    textOf(error, "syscall") === "connect" || refusesParameters(error) || error instanceof TooManyWaiting;
  return !wasAnswered(error) && !(error instanceof NoAnswer) && !wasNotSent;
}

/** Whether the server answered that it takes no writes: it is a replica, or a primary that was demoted to one. */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === "25006";
}

/** Whether a pooler, such as PgBouncer or Amazon RDS Proxy, refused a setting with which a connection begins. */
export function refusesParameters(error: unknown): boolean {
  return /unsupported startup parameter|command-line options/.test(textOf(error, "message") ?? "");
}

/** The error for a statement that failed. */
export function statementFailure(error: unknown): SessionError {
  const cause = redacted(error);
  // Class 54: a row, a field or an index entry exceeds a limit, and nothing was written.
  if (codeOf(error).startsWith("54")) {
    return new SessionError("SESS_TOO_LARGE", "postgres: the session is too large for the server", { cause });
  }
  const message = isReadOnly(error) ? "the server is read-only" : "a statement failed or was not answered in time";
  return new SessionError("SESS_UNAVAILABLE", `postgres: ${message}`, { cause });
}

/** The error of connecting: `SESS_CONFIG` when trying again cannot help, else the error as it was. */
export function connectFailure(error: unknown): unknown {
  const cause = Object(error).cause;
  if (!refusedAtStart.has(codeOf(cause)) && textOf(cause, "message") !== noTls) return error;
  const reason = "postgres: the server refused the user, the password, the database, the schema, TLS or a right";
  return new SessionError("SESS_CONFIG", reason, { cause });
}

/** The server's code of an error, five characters such as "23505"; empty when there is none. */
function codeOf(error: unknown): string {
  // Node's own errors have no severity, but their codes may have five letters as well.
  return textOf(error, "severity") === undefined ? "" : (textOf(error, "code") ?? "");
}

/**
 * A copy of a driver's error that is safe to show: its name, its codes and its message without quoted text. It holds
 * nothing that was sent or stored.
 */
export function redacted(error: unknown): Error {
  const message = textOf(error, "message") || textOf(error, "code") || String(error);
  const copy = new Error(message.replace(/'[^']*'|"[^"]*"/g, "'…'").replace(/[0-9a-f]{32,}/gi, "…"));
  copy.name = textOf(error, "name") ?? "Error";
  for (const part of ["code", "severity", "syscall"]) {
    const text = textOf(error, part);
    if (text !== undefined) Object.assign(copy, { [part]: text });
  }
  return copy;
}

function textOf(error: unknown, part: string): string | undefined {
  const text: unknown = Object(error)[part];
  return typeof text === "string" ? text : undefined;
}
