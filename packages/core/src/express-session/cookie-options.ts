import { quoted } from "../config/checks.js";
import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";
import { type Lifetime, millisecondsOf } from "../session-object/lifetime.js";
import { type Attribute, attributes, insteadOf } from "../session-object/session-cookie.js";

/** express-session's options of the cookie, which the Manager decides about. Times are milliseconds. */
export interface CookieOptions {
  readonly maxAge?: Lifetime;
  /** Only what says nothing. */
  readonly expires?: null | false | undefined;
  readonly path?: string | undefined;
  readonly domain?: string | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly secure?: boolean | "auto" | undefined;
  readonly sameSite?: boolean | "lax" | "strict" | "none" | undefined;
  readonly partitioned?: boolean | undefined;
}

function refuse(name: string, allowed: string): never {
  throw new SessionError("SESS_CONFIG", `option "cookie.${name}" must be ${allowed}`);
}

/**
 * Refuses what is not what the Manager's cookie is going to be. With `"each"`, for options made for one request: their
 * `maxAge` is the session's own, and `secure` may be any where the Manager decides by the request.
 */
export function assertAgrees(options: CookieOptions, settings: Settings, of: "all" | "each" = "all"): void {
  for (const [name, value] of Object.entries(options)) {
    const isEmpty = value === undefined || (name === "expires" && (value === null || value === false));
    if (isEmpty || name === "maxAge") continue;
    if (!attributes.some((attribute) => attribute === name)) refuseUnknown(name);
    const attribute = name as Attribute;
    if (of === "each" && attribute === "secure" && settings.cookie.secure === "auto") continue;
    assertAttribute(attribute, value, settings.cookie[attribute]);
  }
  if (of === "all" && options.maxAge !== undefined) assertLifetime(options.maxAge, settings);
}

function assertAttribute(name: Attribute, value: unknown, ours: unknown): void {
  if (name === "sameSite" && value === false) {
    refuse(name, '"lax", "strict" or "none": the cookie always says it. Set it in createManager\'s configuration');
  }
  const wanted = name === "sameSite" && value === true ? "strict" : value;
  if (wanted !== ours) refuse(name, `what the Manager has: ${insteadOf(name, value)}`);
}

/** To express-session it was the lifetime in the store as well: shorter there, it would sign users out unnoticed. */
function assertLifetime(maxAge: Lifetime, { cookieMaxAge, idle }: Settings): void {
  if (maxAge && typeof maxAge !== "number") refuse("maxAge", "a number of milliseconds");
  const milliseconds = millisecondsOf(maxAge);
  if (milliseconds !== null && milliseconds <= 0)
    refuse("maxAge", "more than 0 milliseconds, or every session would end");
  const seconds = milliseconds === null ? undefined : Math.ceil(milliseconds / 1000);
  if (seconds === cookieMaxAge && (seconds ?? 0) * 1000 <= idle) return;
  const wanted = seconds === undefined ? "cookieLifetime: 0" : `cookieLifetime and maxLifetime to ${seconds} (seconds)`;
  refuse("maxAge", `what the Manager has: set ${wanted} in createManager's configuration`);
}

function refuseUnknown(name: string): never {
  if (name === "expires") refuse(name, "absent: set cookieLifetime, in seconds, in createManager's configuration");
  throw new SessionError("SESS_CONFIG", `option ${quoted(`cookie.${name}`)} is none of the Manager's cookie`);
}
