import { isSessionError, NoAnswer, SessionError } from "@sess/core";

// Numbers of the "Server Error Message Reference" of MySQL 8 and of MariaDB's "Error Codes".
const lockFailures = new Set([1020, 1205, 1213]);
const staleStatements = new Set([1243, 1615]);
const lostConnections = new Set([1053, 1047, 1927, 4031]);
/** The server sends this error and then closes the connection. */
const partingWords = new Set([1153]);
const readOnly = new Set([1290, 1792, 1836]);
const tooLarge = new Set([1118, 1153, 1301, 1406]);
/** Errors of connecting where trying again cannot help. */
const refusals: readonly (readonly [reason: string, numbers: readonly number[]])[] = [
  ["the server refused the user or the password", [1045, 1698]],
  ["the server refused the way in which the user is to prove who it is (authentication plugin)", [1251]],
  ["the user's account is locked", [3118, 4151]],
  ["the server takes no connections from the address of this host", [1130]],
  ["the user has no right to the database, or there is none of that name", [1044]],
  ["there is no such database: create it first", [1049]],
  ["no database is named", [1046]],
  ["the user lacks a right that is needed", [1142, 1143, 1227]],
  ["the server wants TLS: set tls", [3159]],
];

/**
 * A `SessionError` with `SESS_UNAVAILABLE`. Its cause is a copy of the client's error without the statement that mysql2
 * attaches and without the values that servers quote.
 */
export function unavailable(message: string, cause?: unknown): SessionError {
  return new SessionError("SESS_UNAVAILABLE", message, cause === undefined ? undefined : { cause: redacted(cause) });
}

/** The error for a write that the server refused or whose outcome is unknown. */
export function writeFailure(error: unknown): SessionError {
  if (tooLarge.has(numberOf(error))) {
    return new SessionError("SESS_TOO_LARGE", "mysql: the session is too large for the server", {
      cause: redacted(error),
    });
  }
  return statementFailure(error);
}

/** The error for a failed statement whose size cannot be the reason. */
export function statementFailure(error: unknown): SessionError {
  const message = isReadOnly(error)
    ? "mysql: the server is read-only"
    : "mysql: a statement failed or was not answered in time";
  return unavailable(message, error);
}

/** The error of connecting: `SESS_CONFIG` with the reason when trying again cannot help, else the error as it was. */
export function connectFailure(error: unknown): unknown {
  const cause = isSessionError(error) ? error.cause : undefined;
  const number = numberOf(cause);
  const noTls = textOf(cause, "code") === "HANDSHAKE_NO_SSL_SUPPORT" ? "the server has no TLS" : undefined;
  const reason = noTls ?? refusals.find(([, numbers]) => numbers.includes(number))?.[0];
  if (reason === undefined) return error;
  return new SessionError("SESS_CONFIG", `mysql: ${reason}${number > 0 ? ` (error ${number})` : ""}`, { cause });
}

/** The error when no connection can be had, with the system's or the server's code. */
export function noConnection(error: unknown): SessionError {
  const code = textOf(error, "code") ?? "";
  const named = /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : "";
  return unavailable(`mysql: there is no connection to the server${named}`, error);
}

/** Whether the statement was rolled back as a whole or never ran. It may then be sent again, whatever it does. */
export function ranNot(error: unknown): boolean {
  return lockFailures.has(numberOf(error)) || staleStatements.has(numberOf(error));
}

/** Whether the connection answered and can still be used. A connection to a read-only server cannot. */
export function keepsConnection(error: unknown): boolean {
  const number = numberOf(error);
  if (staleStatements.has(number) || lostConnections.has(number) || partingWords.has(number)) return false;
  if (isReadOnly(error)) return false;
  return wasAnswered(error);
}

/** Whether the error itself shows that the connection is lost. A missing answer does not. */
export function isLost(error: unknown): boolean {
  return lostConnections.has(numberOf(error)) || (!keepsConnection(error) && numberOf(error) <= 0 && !isTimeout(error));
}

/** Whether the server answered that it takes no writes, temporarily or permanently. */
export function isReadOnly(error: unknown): boolean {
  return readOnly.has(numberOf(error));
}

/** Whether an error is the server's own answer. */
export function wasAnswered(error: unknown): boolean {
  return numberOf(error) > 0 && textOf(error, "sqlState") !== undefined;
}

/** The server's number of an error, as in "ERROR 1062"; 0 when there is none. */
export function numberOf(error: unknown): number {
  const number: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "errno") : undefined;
  return typeof number === "number" ? number : 0;
}

/** Whether a statement was given up because no answer came in time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof NoAnswer;
}

/**
 * A copy of a client's error that is safe to show: its name, its codes and its message without quoted text. It holds
 * nothing that was sent.
 */
export function redacted(error: unknown): Error {
  const message = textOf(error, "message") || textOf(error, "code") || String(error);
  const copy = new Error(message.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "'…'").replace(/[0-9a-f]{32,}/gi, "…"));
  copy.name = textOf(error, "name") ?? "Error";
  const errno = numberOf(error);
  if (errno !== 0) Object.assign(copy, { errno });
  for (const part of ["code", "sqlState", "syscall"]) {
    const text = textOf(error, part);
    if (text !== undefined) Object.assign(copy, { [part]: text });
  }
  return copy;
}

function textOf(error: unknown, part: string): string | undefined {
  const text: unknown = typeof error === "object" && error !== null ? Reflect.get(error, part) : undefined;
  return typeof text === "string" ? text : undefined;
}
