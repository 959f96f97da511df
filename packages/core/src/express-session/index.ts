/** The `req.session` of express-session over a Manager, for applications and packages that were written for it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { SessionError } from "../errors.js";
import { CookieSessionManager } from "../manager/cookie-manager.js";
import { isElsewhere } from "../session-object/cookie-path.js";
import { type AnySession, internalsOf, type ManagerInternals } from "../session-object/internals.js";
import { type RequestOptions, RequestSession, type SessionHolder } from "../session-object/request-session.js";
import type { SessionCookie as CookieClass } from "../session-object/session-cookie.js";
import type { Callback } from "../session-object/session-object.js";
import { lookIn } from "./elsewhere.js";
import {
  isOwed,
  Migration,
  type OldEntry,
  type Origin,
  type TakenOver,
  takenOver,
  understandOld,
} from "./migration.js";
import { assertOptions, maxAgeOf, originOf, type SessionOptions } from "./options.js";
import { plainSession } from "./plain-session.js";

export type { CookieData } from "../session-object/session-cookie.js";
export type { Callback } from "../session-object/session-object.js";
export type { CookieOptions } from "./cookie-options.js";
export type { OldEntry, TakenOver } from "./migration.js";
export type { OldSession, OldStore } from "./old-store.js";
export type { SessionOptions } from "./options.js";
export type { Secret } from "./signed-cookie.js";

/** `req.session.cookie`. Not a class here: a session makes its own. */
export type SessionCookie = CookieClass;

/**
 * The properties of `req.session`. Augment it to type them:
 *
 * ```ts
 * declare module "@sess/core/express-session" {
 *   interface SessionData { views: number }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: to be augmented.
export interface SessionData {}

/** What `req.session` has besides its properties. Callbacks get the error, or nothing. */
export interface SessionMethods {
  /** A secret, not to be logged. Changes with {@link regenerate}. */
  readonly id: string;
  readonly cookie: SessionCookie;
  /** An empty session under a new id replaces this one as `req.session`; the old id no longer opens a session. */
  regenerate(callback?: Callback): this;
  /** Ends the session and clears its cookie. `req.session` is gone at once. */
  destroy(callback?: Callback): this;
  /** The session as it is stored now replaces this one as `req.session`; changes not stored are dropped. */
  reload(callback?: Callback): this;
  /**
   * Stores now instead of with the response. Never required. Counts as use. Without a callback, a failure fails the
   * response, or is reported if the response has ended.
   */
  save(callback?: Callback): this;
  /** Counts as use, for a long-lived handler such as a WebSocket's. A response does this by itself. */
  touch(): this;
  resetMaxAge(): this;
}

/**
 * What the middleware puts on a request. Where `@types/express-session` is in the program as well, `Request` has a
 * `session` of that package's, which wins over what it inherits from here.
 */
export interface WithSession {
  session: Express.Request extends { readonly sessionStore: unknown } ? unknown : SessionMethods & Partial<SessionData>;
  readonly sessionID: string;
}

type OurData = SessionData;

declare global {
  namespace Express {
    interface Request extends WithSession {}
  }
}

// What the application declared for one of the two counts for both.
// biome-ignore lint/suspicious/noTsIgnore: an error only where that package is not in the program.
/** @ts-ignore */
declare module "express-session" {
  interface SessionData extends OurData {}
}

/** A middleware of Express, by its shape. */
export type ExpressMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * A middleware that gives each request its `req.session`, loaded before the next one runs; without a cookie of the right
 * shape the store is not asked.
 *
 * ```ts
 * app.use(session({ sessions: await createManager("memory") }));
 * app.get("/", (req, res) => {
 *   req.session.views = (req.session.views ?? 0) + 1;
 *   res.send(`${req.session.views} views`);
 * });
 * ```
 *
 * A session that cannot be loaded is an error passed on, with a `status` of 503; one that cannot be stored becomes the
 * response. Throws `SESS_CONFIG` for options that would undo a guarantee.
 */
export function session<D extends object>(options: SessionOptions<D>): ExpressMiddleware {
  const { internals, origin } = check(options);
  lookIn(internals);
  if (origin !== undefined) understandOld(internals, origin);
  const { unset = "keep" } = options;
  const maxAge = maxAgeOf(options, internals.settings);
  const each: RequestOptions = { internals, shape: plainSession, unset, maxAge, hidden: takenOver, isOwed };
  return (req, res, next) => {
    if (isElsewhere(req, internals.settings.cookie.path) || (req as SessionHolder).session) {
      next();
      return;
    }
    give(req, res, each).then(() => next(), next);
  };
}

/**
 * Takes a session of the old store over before its visitor comes, to empty that store. The visitor's cookie goes on
 * working where the middleware has the same `secret`, and any `from`. `options` are the middleware's.
 *
 * May be called again, and while requests are served: a session is taken over once, and what is there stays as it is.
 * Rejects with `SESS_UNAVAILABLE` if a store fails or the old one cannot read the record, and with `SESS_TOO_LARGE`;
 * with `SESS_CONFIG` for options without `from`, and for a time that is not in milliseconds.
 */
export async function takeOver<D extends object>(options: SessionOptions<D>, old: OldEntry): Promise<TakenOver> {
  const { internals, origin } = check(options);
  if (origin === undefined) throw new SessionError("SESS_CONFIG", 'option "from" must be the old store');
  return new Migration(internals, origin).takeOver(old);
}

function check<D extends object>(options: SessionOptions<D>): { internals: ManagerInternals; origin?: Origin } {
  // With express-session they may be left out.
  const internals = internalsOf((options as SessionOptions<D> | undefined)?.sessions);
  assertOptions(options, internals.settings);
  const origin = originOf(options);
  if (origin === undefined) return { internals };
  if (internals instanceof CookieSessionManager) throw nobodyDecides();
  return { internals, origin };
}

async function give(req: IncomingMessage & SessionHolder, res: ServerResponse, options: RequestOptions) {
  const session = await options.internals.start(req, res);
  new RequestSession(req, req, session as AnySession, options).begin();
  Object.defineProperty(req, "sessionID", { get: () => session.id, enumerable: true, configurable: true });
}

function nobodyDecides(): SessionError {
  const reason = "sessions that the client keeps itself have nobody who decides which request takes an old one over";
  return new SessionError("SESS_CONFIG", `option "from" must be absent: ${reason}. Move to a store first`);
}
