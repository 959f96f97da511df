import { types } from "node:util";
import { SessionError } from "../errors.js";
import { longestLifetime } from "../limits.js";

/** What express-session takes for a lifetime: milliseconds, or the Date of its end; anything empty is none. */
export type Lifetime = number | Date | null | undefined | false;

/**
 * A lifetime in milliseconds, at most ten years; 0 or less is an end that has come. `null` is none: until the browser
 * closes. Throws `SESS_VALUE`.
 */
export function millisecondsOf(lifetime: Lifetime): number | null {
  if (lifetime === null || lifetime === undefined || lifetime === false) return null;
  const milliseconds = types.isDate(lifetime) ? lifetime.getTime() - Date.now() : lifetime;
  if (typeof milliseconds !== "number" || Number.isNaN(milliseconds)) {
    throw new SessionError("SESS_VALUE", "a cookie's lifetime must be a number of milliseconds, or a Date");
  }
  return Math.min(milliseconds, longestLifetime * 1000);
}
