import { types } from "node:util";
import { SessionError } from "@sess/core";

/**
 * A `SessionError` with `SESS_UNAVAILABLE`. Its cause is a copy of the file system's error without paths, since paths
 * hold the keys of sessions.
 */
export function unavailable(message: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause: redacted(cause) };
  return new SessionError("SESS_UNAVAILABLE", `file provider: ${message}`, options);
}

/** The error for a file that only a later version of this package can read. */
export function newerLayout(): SessionError {
  return new SessionError("SESS_ENVELOPE", "a later version of @sess/file wrote this record");
}

/** The code of a file system's error, such as `"ENOENT"`; "" when there is none. */
export function codeOf(error: unknown): string {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "";
}

/** Runs a call to the file system. An error with one of the codes becomes `otherwise`. */
export async function tolerate<T, F>(codes: readonly string[], otherwise: F, call: () => Promise<T>): Promise<T | F> {
  try {
    return await call();
  } catch (error) {
    if (codes.includes(codeOf(error))) return otherwise;
    throw error;
  }
}

/** Runs a call whose failure is harmless: gc removes what the call would have removed. */
export async function attempt(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch {
    // gc removes what is left.
  }
}

function redacted(error: unknown): Error {
  const message = types.isNativeError(error) ? error.message : String(error);
  const copy = new Error(message.replace(/ '.*/s, ""));
  const code = codeOf(error);
  return code === "" ? copy : Object.assign(copy, { code });
}
