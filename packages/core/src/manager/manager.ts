import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../http/head.js";
import type { ExchangeOptions } from "../http/request-view.js";
import type { Finding } from "../provider.js";
import type { Field, SessionStore } from "../session/session-store.js";

/** What a request listener made by {@link Manager.handler} calls for each request. */
export type SessionHandler<D extends object> = (
  session: SessionStore<D>,
  req: IncomingMessage,
  res: ServerResponse,
) => unknown;

/** What {@link Manager.handle} calls. */
export type FetchHandler<D extends object> = (
  session: SessionStore<D>,
  request: Request,
) => Response | Promise<Response>;

/** One request of the Fetch standard and the response to it: for adapters of frameworks that are built on it. */
export interface Exchange<D extends object> {
  /** The request's session, loaded when it is first requested; until then nothing is read. Rejects as `start` does. */
  session(): Promise<SessionStore<D>>;
  /**
   * To be called once, with the response. When the session has been stored, resolves to the response with the session's
   * headers; if storing failed, to an error response. Immutable responses are copied; bodies are passed on unread.
   */
  respond(response: Response): Promise<Response>;
  /**
   * The response for what a handler threw, as `handle` makes it. Rejects with the redirects and errors of a framework,
   * which must be thrown on.
   */
  caught(error: unknown): Promise<Response>;
  /** The error response of a handler that threw. What was not stored is discarded. Never rejects. */
  fail(error: unknown): Promise<Response>;
}

/**
 * One request of `node:http` and its response, for adapters of frameworks that can act before a response leaves, such
 * as Fastify's `onSend`. A response that bypasses the framework is held, as with `start`.
 */
export interface NodeExchange<D extends object> {
  /** The request's session, loaded when it is first requested. Rejects as `start` does. */
  session(): Promise<SessionStore<D>>;
  /**
   * To be called when status and headers are known and nothing has been sent: stores the session and adds its headers.
   * Rejects if it cannot be stored; the framework then answers with that error. Does nothing if the session was not
   * requested.
   */
  respond(status: number, head: ResponseHead): Promise<void>;
}

/**
 * The sessions of one application: what every Manager can do, also if the client keeps its session itself, sealed in
 * its cookie. Made by `createManager`; call `close()` at shutdown.
 */
export interface Manager<D extends object> extends AsyncDisposable {
  /**
   * A `node:http` request listener that has the session loaded before `handler` runs. When the handler throws, the
   * response is a 500 (or the status of the `SessionError`) and changes not yet stored are discarded; when the store
   * is down it is a 503.
   */
  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void;

  /**
   * The same for servers built on the Fetch standard: from a `Request` to its `Response`. If the handler throws:
   *
   * - a `Response` is a normal response;
   * - a value for which `onError` makes a `Response` is answered with it, and its status decides whether changes are
   *   kept;
   * - a redirect or error of a framework (Next's, SvelteKit's, `data()` of React Router) is thrown on, after the
   *   session is stored, or discarded if it means 500 or more;
   * - anything else is a 500 (or the status of the `SessionError`), and changes not yet stored are discarded.
   *
   * Rejects with `SESS_CONFIG` if `trustProxy` is a function and the peer's address was not passed.
   */
  handle(request: Request, handler: FetchHandler<D>, options?: ExchangeOptions): Promise<Response>;

  /** The steps of {@link handle}. Throws `SESS_CONFIG` when `handle` would reject with it. */
  begin(request: Request, options?: ExchangeOptions): Exchange<D>;

  /** The steps of {@link start}. */
  begin(req: IncomingMessage, res: ServerResponse): NodeExchange<D>;

  /**
   * The request's session: the stored one, or a new one that is stored once it holds something. From here on nothing
   * of the response leaves before the session is stored. Called again in the same request it gives the same session.
   * Rejects with `SESS_UNAVAILABLE`, `SESS_ENVELOPE` or `SESS_CLOSED`: never a new session because the store is down.
   */
  start(req: IncomingMessage, res: ServerResponse): Promise<SessionStore<D>>;

  /** {@link start}, then {@link SessionStore.regenerate}. */
  regenerate(req: IncomingMessage, res: ServerResponse): Promise<SessionStore<D>>;

  /** {@link start}, then {@link SessionStore.destroy}. */
  destroy(req: IncomingMessage, res: ServerResponse): Promise<void>;

  /** Removes expired records; resolves to their number, which is 0 if the client keeps the sessions. */
  gc(): Promise<number>;

  /**
   * Calls {@link gc} every `gcLifetime` seconds, until the returned function is called. Does not keep the process
   * alive.
   */
  startGC(): () => void;

  /**
   * What an operator should know: about the store and the connection to it, as far as its provider tells, whether every
   * operation is permitted, the time of a round trip, and the cookie's attributes. For `sess doctor`, a check at
   * start-up or a page for operators. Writes one record, which is no session and expires after two minutes. `peer` is
   * the proxy's address, for a `trustProxy` that is a function. Rejects with `SESS_CLOSED`.
   */
  diagnose(options?: { readonly peer?: string }): Promise<Finding[]>;

  /** Finishes what is being stored, stops gc, and closes the provider. Idempotent. */
  close(): Promise<void>;
}

/** One of the sessions of an owner, as `listOwned` found it. */
export interface OwnedSession<D extends object> {
  readonly created: Date;
  /** When it was last stored; reading it does not count. */
  readonly saved: Date;
  /** Whether it is the session that was passed as `current`. */
  readonly current: boolean;
  /**
   * Names the session in a page or a form: `destroyOwned(owner, { handle })` ends it. No secret: it opens nothing, and
   * neither the id nor the storage key can be found from it. The same as long as the session lives, also under a new id.
   */
  readonly handle: string;
  /** A field to show, such as a device's name. */
  get<F extends Field<D>>(field: F): D[F] | undefined;
  /** Ends the session. */
  destroy(): Promise<void>;
}

/** Which of an owner's sessions `destroyOwned` ends; all of them by default. */
export interface EndOptions<D extends object> {
  /** All sessions but this one. */
  readonly except?: SessionStore<D>;
  /** Only the session with this {@link OwnedSession.handle}. `SESS_VALUE` if it is given and no string. */
  readonly handle?: string;
}

/** A {@link Manager} whose provider has a store: it can also load, count, and list an owner's sessions. */
export interface StoreManager<D extends object> extends Manager<D> {
  /**
   * The session of an id, outside of any response (a WebSocket, a job); `undefined` if there is none. `release()` or
   * disposal stores its changes.
   */
  load(id: string): Promise<SessionStore<D> | undefined>;

  /** Whether an id has a live session. */
  exists(id: string): Promise<boolean>;

  /**
   * The number of live sessions, including those of other Managers on the same store. If a provider must look at each
   * of them, a million take half a minute: for operators, not for requests.
   */
  count(): Promise<number>;

  /**
   * The sessions with this `owner`, last stored first. Rejects with `SESS_UNSUPPORTED` if the provider has no index of
   * owners, and with `SESS_ENVELOPE` or `SESS_UNAVAILABLE` if some could not be read; the message says how many.
   * `current` is the session of the present request, or what has its id, such as the session that a page of Next reads.
   */
  listOwned(owner: string, options?: { readonly current?: { readonly id: string } }): Promise<OwnedSession<D>[]>;

  /**
   * Signs an owner out everywhere, except from the session passed as `except`: ends every session whose save with this
   * owner was acknowledged before the call. Resolves to the number of ended sessions. It may miss a concurrent sign-in;
   * to exclude that, keep a version of the credentials in the session. If some sessions could not be ended, it ends all
   * others and then rejects; the message says how many are left. Call it again.
   *
   * With `handle`, ends that one session, and resolves to 1; to 0 if the owner has no such session any more.
   */
  destroyOwned(owner: string, options?: EndOptions<D>): Promise<number>;
}
