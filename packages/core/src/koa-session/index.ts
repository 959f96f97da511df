/** The `ctx.session` of koa-session over a Manager, for applications and packages that were written for it. */
import { type KoaMiddleware, respond } from "../adapters/koa-response.js";
import type { Manager, NodeExchange } from "../manager/manager.js";
import { type AnySession, internalsOnly } from "../session-object/internals.js";
import { type RequestOptions, RequestSession, type SessionHolder } from "../session-object/request-session.js";
import type { Callback } from "../session-object/session-object.js";
import { koaSession } from "./koa-session.js";

export type { KoaContext, KoaMiddleware } from "../adapters/koa-response.js";
export type { Callback } from "../session-object/session-object.js";

/**
 * The properties of `ctx.session`. Augment it to type them:
 *
 * ```ts
 * declare module "@sess/core/koa-session" {
 *   interface SessionData { views: number }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: to be augmented.
export interface SessionData {}

/** What `ctx.session` has besides its properties. A method without a callback returns a promise. */
export interface SessionMembers {
  /** Whether nothing of this session is stored yet. */
  readonly isNew: boolean;
  /** A secret, not to be logged: the content of the cookie. Changes with {@link regenerate}. */
  readonly externalKey: string;
  /** The number of properties. */
  readonly length: number;
  /** Whether there are properties. */
  readonly populated: boolean;
  /**
   * The lifetime of this session, milliseconds; `"session"` is until the browser closes. It takes effect together with a
   * cookie: set it in the response that creates the session or gives it a new id. An end that has come ends the session.
   */
  maxAge: number | "session";
  /** Stores now instead of with the response. Never required. Counts as use. */
  save(): Promise<void>;
  save(callback: Callback): void;
  /** Gives this session a new id and keeps its properties; the old id no longer opens a session. */
  regenerate(): Promise<void>;
  regenerate(callback: Callback): void;
  /** As {@link save}. */
  manuallyCommit(): Promise<void>;
  /** The properties, as a plain object. */
  toJSON(): object;
}

/** What the middleware puts on a context. */
export interface WithSession {
  get session(): SessionMembers & Partial<SessionData>;
  /** `null` ends the session with the response and clears its cookie. An object replaces all properties. */
  set session(session: Partial<SessionData> | null);
}

// Where the types of Koa are not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
/** @ts-ignore */
declare module "koa" {
  interface DefaultContext extends WithSession {}
}

/** What the middleware is made with. */
export interface SessionOptions<D extends object = object> {
  /** Keeps the sessions, and owns their cookie. */
  readonly sessions: Manager<D>;
}

/**
 * A middleware that gives each request its `ctx.session`, loaded before the next one runs; without a cookie of the right
 * shape the store is not asked. `app.keys` are not needed, since ids are not signed.
 *
 * ```ts
 * app.use(session({ sessions: await createManager("memory") }));
 * app.use((ctx) => {
 *   ctx.session.views = (ctx.session.views ?? 0) + 1;
 *   ctx.body = `${ctx.session.views} views`;
 * });
 * ```
 *
 * A session that cannot be loaded, or stored, is an error that the middleware throws, with a `status` of 503; of 409 if
 * the session has ended meanwhile. Throws `SESS_CONFIG` for any other option.
 */
export function session<D extends object>(options: SessionOptions<D>): KoaMiddleware {
  const internals = internalsOnly(options);
  const each: RequestOptions = { internals, shape: koaSession, unset: "destroy" };
  return async (context, next) => {
    const exchange = options.sessions.begin(context.req, context.res) as NodeExchange<object>;
    const holder: SessionHolder = {};
    const given = new RequestSession(holder, context.req, (await exchange.session()) as AnySession, each);
    given.begin();
    Object.defineProperty(context, "session", {
      get: () => holder.session,
      set: (session: unknown) => {
        if (session === null) holder.session = null;
        else given.replace(session);
      },
      configurable: true,
    });
    await next();
    await respond(exchange, context);
  };
}
