/** The `request.session` of @fastify/session over a Manager, for applications and packages that were written for it. */
import { type FastifyPlugin, pluginOf } from "../adapters/fastify-hooks.js";
import { SessionError } from "../errors.js";
import type { Manager } from "../manager/manager.js";
import { isElsewhere } from "../session-object/cookie-path.js";
import { type AnySession, internalsOnly } from "../session-object/internals.js";
import { type RequestOptions, RequestSession } from "../session-object/request-session.js";
import type { SessionCookie as CookieClass, CookieData } from "../session-object/session-cookie.js";
import type { Callback } from "../session-object/session-object.js";
import { fastifySession } from "./fastify-session.js";

export type { FastifyLike, FastifyPlugin } from "../adapters/fastify-hooks.js";
export type { CookieData } from "../session-object/session-cookie.js";
export type { Callback } from "../session-object/session-object.js";

/** `request.session.cookie`. Not a class here: a session makes its own. */
export type SessionCookie = CookieClass;

/**
 * The properties of `request.session`. Augment it to type them. What an application has declared for @fastify/session,
 * as `Session` of the module "fastify", counts as well.
 *
 * ```ts
 * declare module "@sess/core/fastify-session" {
 *   interface SessionData { views: number }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: to be augmented.
export interface SessionData {}

/** What `request.session` has besides its properties. A method without a callback returns a promise. */
export interface SessionMethods<D extends object = SessionData> {
  /** A secret, not to be logged. Changes with {@link regenerate}. */
  readonly sessionId: string;
  /** The content of the cookie, which is the id: it is not signed. */
  readonly encryptedSessionId: string;
  readonly cookie: SessionCookie;
  get<F extends keyof D & string>(field: F): D[F] | undefined;
  set<F extends keyof D & string>(field: F, value: D[F] | undefined): void;
  /**
   * A session under a new id replaces this one as `request.session`; the old id no longer opens a session. It has the
   * named fields of this one and no others. With `"cookie"` among them it keeps its lifetime.
   */
  regenerate(fields?: readonly string[]): Promise<void>;
  regenerate(callback: Callback): void;
  regenerate(fields: readonly string[], callback: Callback): void;
  /** Ends the session and clears its cookie. `request.session` is gone at once. */
  destroy(): Promise<void>;
  destroy(callback: Callback): void;
  /** The session as it is stored now replaces this one as `request.session`; changes not stored are dropped. */
  reload(): Promise<void>;
  reload(callback: Callback): void;
  /** Stores now instead of with the reply. Never required. Counts as use. */
  save(): Promise<void>;
  save(callback: Callback): void;
  /** Counts as use, for a long-lived handler such as a WebSocket's. A reply does this by itself. */
  touch(): void;
  /** Sets properties of {@link cookie}: `maxAge`, in milliseconds. The others are the Manager's. */
  options(options: Partial<CookieData> & { readonly maxAge?: number | null }): void;
  /** Whether there are changes that are not stored yet. */
  isModified(): boolean;
  /** Whether the session is stored as it is. */
  isSaved(): boolean;
}

/**
 * What the plugin puts on a request. `Declared` is the `Session` that the module "fastify" has. Where the types of
 * @fastify/session are in the program it has a `cookie`, and `FastifyRequest` has a `session` of that package's.
 */
export interface WithSession<Declared extends object> {
  session: Declared extends { readonly cookie: unknown }
    ? unknown
    : SessionMethods<SessionData & Declared> & Partial<SessionData & Declared>;
}

// Where Fastify is not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
/** @ts-ignore */
declare module "fastify" {
  interface Session {}
  interface FastifyRequest extends WithSession<Session> {}
}

/** What the plugin is made with. */
export interface SessionOptions<D extends object = object> {
  /** Keeps the sessions, and owns their cookie. */
  readonly sessions: Manager<D>;
}

/** Before the session is loaded, and where the path of the cookie is another: nothing is in it, and nothing is kept. */
const nothing = new Proxy(
  // It is the same for all requests.
  Object.freeze({}),
  {
    set(): never {
      const reason = "it is not loaded yet, or the path of its cookie is not this request's";
      throw new SessionError("SESS_UNSUPPORTED", `this request has no session: ${reason}`);
    },
  },
);

/**
 * A plugin that gives each request its `request.session`, loaded before the handler runs; without a cookie of the right
 * shape the store is not asked. It counts for the whole application and is known to Fastify as `@fastify/session`.
 *
 * ```ts
 * app.register(session({ sessions: await createManager("memory") }));
 * app.get("/", async (request) => {
 *   request.session.views = (request.session.views ?? 0) + 1;
 *   return { views: request.session.views };
 * });
 * ```
 *
 * A session that cannot be loaded, or stored, is an error for the application's error handler, with a `status` of
 * 503; of 409 if the session has ended meanwhile. Throws `SESS_CONFIG` for any other option.
 */
export function session<D extends object>(options: SessionOptions<D>): FastifyPlugin {
  const internals = internalsOnly(options);
  const { path } = internals.settings.cookie;
  const each: RequestOptions = { internals, shape: fastifySession, unset: "keep" };
  const name = "@fastify/session";
  const plugin = pluginOf(options.sessions, name, (begin) => (request, reply, next) => {
    request.session = nothing;
    if (isElsewhere(request.raw, path)) {
      next();
      return;
    }
    const give = async () => {
      const session = await begin(request, reply).session();
      new RequestSession(request, request.raw, session as AnySession, each).begin();
    };
    give().then(() => next(), next);
  });
  // Other plugins name the ones that they need.
  return Object.assign(plugin, { [Symbol.for("plugin-meta")]: { name, fastify: "5.x" } });
}
