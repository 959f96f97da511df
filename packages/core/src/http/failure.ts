import { report } from "../diagnostics.js";
import { isSessionError } from "../errors.js";

/**
 * The status that an error becomes. An error with a status of 500 or more is reported, because it is visible nowhere
 * else. Never throws.
 */
export function failureStatus(error: unknown): number {
  const status = statusOf(error);
  if (status >= 500) report(error);
  return status;
}

/** As {@link failureStatus}, without reporting. */
export function statusOf(error: unknown): number {
  try {
    return isSessionError(error) ? error.status : 500;
  } catch {
    return 500; // What was thrown can be anything, a proxy whose traps throw among them.
  }
}
