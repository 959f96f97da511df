import { channel } from "node:diagnostics_channel";
import { types } from "node:util";
import { withCauses } from "./causes.js";
import type { SessionErrorCode } from "./errors.js";

/** The properties of every event. No event holds an id, a key, an owner, a field name or a value. */
export interface SessionEvent {
  /** The provider's name, such as `"redis"`. */
  readonly provider: string;
  /** The Manager's `namespace`. */
  readonly namespace: string;
}

/** Published on `sess:refused`: changes that were not stored, and why. */
export interface RefusedEvent extends SessionEvent {
  readonly code: SessionErrorCode;
}

/** Published on `sess:store-error`: a call to the store that failed or gave no answer in time. */
export interface StoreErrorEvent extends SessionEvent {
  readonly operation: "read" | "create" | "update" | "touch" | "count" | "keysOf" | "gc" | "diagnose" | "close";
  readonly error: unknown;
}

/**
 * What a response did about the session's cookie.
 *
 * - `set`, `cleared`: there is a Set-Cookie header.
 * - `not-secure`: there is one with Secure, on a response over plain HTTP. Browsers drop it, except on localhost. Or
 *   TLS ends at a proxy that `trustProxy` does not declare.
 * - `disabled`: there would be one, but `enableSetCookie` is false.
 * - `not-cleared`: the session was destroyed after the head was sent. It has ended; the client keeps the cookie.
 * - `unchanged`: the client has the cookie already; only a new id needs another.
 * - `empty`: a session that holds nothing is not stored and has no cookie.
 * - `unknown`: empty, and the request's id has no session: it has expired or was ended, or another application on the
 *   same host has set the cookie of this name.
 * - `ambiguous`: empty, and the request came with several live sessions, so none counts. Signing in ends them.
 * - `oversized`: empty, and the Cookie header has more than 64 KB and was not read.
 * - `retired`: the request came with an id that another request had replaced.
 * - `refused`: the session ended while the request changed it, and the application answered nevertheless.
 * - `discarded`: the handler failed, by its status or by throwing, so its changes were discarded.
 * - `failed`: the session could not be stored.
 * - `not-carried`: a cookie was due, but the answer cannot carry it: a framework's thrown redirect or error,
 *   `Response.error()`, or status 101.
 * - `not-loaded`: the response left before the session was loaded: the store failed, or the handler did not wait.
 * - `headers-sent`: the session was first requested after the response had begun.
 */
export type CookieOutcome =
  | "set"
  | "cleared"
  | "not-cleared"
  | "not-secure"
  | "disabled"
  | "unchanged"
  | "empty"
  | "unknown"
  | "ambiguous"
  | "oversized"
  | "retired"
  | "refused"
  | "discarded"
  | "failed"
  | "not-carried"
  | "not-loaded"
  | "headers-sent";

/**
 * Published on `sess:response`, once for each request that asked for its session, when the response's head is sent: why
 * a cookie was set or not. Published again, as `not-cleared`, if the session is destroyed after that.
 */
export interface ResponseEvent extends SessionEvent {
  readonly cookie: CookieOutcome;
  /** The code of the error that the response reports. */
  readonly code?: SessionErrorCode;
}

const channels = {
  created: channel("sess:created"),
  saved: channel("sess:saved"),
  regenerated: channel("sess:regenerated"),
  destroyed: channel("sess:destroyed"),
  refused: channel("sess:refused"),
  "store-error": channel("sess:store-error"),
  response: channel("sess:response"),
};

const errorChannel = channel("sess:error");

/**
 * Reports an error that became a response with status 500 or more and is visible nowhere else: thrown by a handler, or
 * met while storing the session for the response. Published on `sess:error` as `{ error }`. Without a subscriber it
 * becomes a process warning, so that a failing server is not silent.
 */
export function report(error: unknown): void {
  if (errorChannel.hasSubscribers) errorChannel.publish({ error });
  else warnOf(printable(error));
}

function warnOf(error: Error | string): void {
  try {
    process.emitWarning(error);
  } catch {
    // Node accepts only errors of its own realm; under a test runner, ours and the application's are of another.
    process.emitWarning(typeof error === "string" ? error : (error.stack ?? error.name));
  }
}

/** Any value can be thrown. Node prints a warning later, where a text that throws would end the process. */
function printable(error: unknown): Error | string {
  try {
    const text = String(error);
    if (!types.isNativeError(error)) return text;
    // Read here once: what can be printed now can be printed later.
    return typeof error.stack === "string" && String(error.name) !== "" ? withCauses(error) : text;
  } catch {
    return "an error without a text was thrown";
  }
}

/** The events that say more than every event does. */
interface Events {
  readonly refused: RefusedEvent;
  readonly "store-error": StoreErrorEvent;
  readonly response: ResponseEvent;
}

type Extra<N> = N extends keyof Events ? Omit<Events[N], keyof SessionEvent> : Record<never, never>;

/** Publishes one Manager's events on the `sess:*` channels of `node:diagnostics_channel`. */
export class Diagnostics {
  readonly #base: SessionEvent;

  constructor(base: SessionEvent) {
    this.#base = base;
  }

  /** An event of this Manager. */
  about<E extends object>(extra: E): SessionEvent & E {
    return { ...this.#base, ...extra };
  }

  publish<N extends keyof typeof channels>(name: N, extra: Extra<N>): void {
    const target = channels[name];
    if (target.hasSubscribers) target.publish(this.about(extra));
  }
}
