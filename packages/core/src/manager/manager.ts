import type { IncomingMessage, ServerResponse } from "node:http";
import type { ErrorResponder } from "../config/options.js";
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

/** How a request of the Fetch standard came, and who answers where it fails. All optional. */
export interface ExchangeOptions {
  /** The address of the client, or of the proxy next to the server: what a `trustProxy` function is asked about. */
  readonly peer?: string | undefined;
  /** Whether the request came over TLS to this very process. Default: what the scheme of its URL says. */
  readonly secure?: boolean | undefined;
  /** In place of the Manager's own `onError`. */
  readonly onError?: ErrorResponder | undefined;
}

/** One request of the Fetch standard and the response to it: for adapters of frameworks that are built on it. */
export interface Exchange<D extends object> {
  /** The request's session, loaded when it is first asked for; until then nothing is read. Rejects as `start` does. */
  session(): Promise<SessionStore<D>>;
  /**
   * To be called once, with the response, which resolves with what the session adds to it when the session has been
   * stored; to an error response when that failed. Immutable responses are copied, bodies are passed on unread.
   */
  respond(response: Response): Promise<Response>;
  /**
   * The response to what a handler threw, as `handle` makes it. Rejects with what is to be thrown on: the redirects and
   * errors that a framework throws in place of returning.
   */
  caught(error: unknown): Promise<Response>;
  /** The error response of a handler that threw. What was not stored is discarded. Never rejects. */
  fail(error: unknown): Promise<Response>;
}

/** A response's headers, as a framework on top of `node:http` lets them be changed before it sends them. */
export interface ResponseHead {
  getHeader(name: string): number | string | readonly string[] | undefined;
  setHeader(name: string, value: string): void;
  /** Adds one more of a name. */
  appendHeader(name: string, value: string): void;
}

/**
 * One request of `node:http` and the response to it: for adapters of frameworks that have a moment of their own before a
 * response leaves, as Fastify's `onSend`. What goes past the framework there is held as by `start`.
 */
export interface NodeExchange<D extends object> {
  /** The request's session, loaded when it is first asked for. Rejects as `start` does. */
  session(): Promise<SessionStore<D>>;
  /**
   * To be called when status and headers are there and nothing has left: stores the session and adds its headers.
   * Rejects when it cannot be stored, and the framework is to answer with that error. Nothing where nobody asked.
   */
  respond(status: number, head: ResponseHead): Promise<void>;
}

/**
 * Sessions of one application: what every Manager can do, also where the client keeps its session itself, sealed in its
 * cookie. Made by `createManager`; `close()` it at shutdown.
 */
export interface Manager<D extends object> extends AsyncDisposable {
  /**
   * A `node:http` request listener that has the session loaded before `handler` runs. When the handler throws, the
   * response is a 500 (or the status of the `SessionError`) and changes not yet stored are discarded; when the store
   * is down it is a 503.
   */
  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void;

  /**
   * The same for servers built on the Fetch standard: from a `Request` to its `Response`. What the handler throws:
   *
   * - a `Response` is a response like any other;
   * - what `onError` makes a `Response` of, likewise: its status decides whether changes are kept;
   * - what a framework throws in place of returning (Next's `redirect()`, SvelteKit's, `data()` of React Router) is thrown
   *   on, once the session is stored, or discarded where it means 500 or more;
   * - anything else is a 500 (or the status of the `SessionError`), and changes not yet stored are discarded.
   *
   * Rejects with `SESS_CONFIG` where `trustProxy` is a function and nobody told the address of the peer.
   */
  handle(request: Request, handler: FetchHandler<D>, options?: ExchangeOptions): Promise<Response>;

  /** {@link handle} in its parts. Throws `SESS_CONFIG` as `handle` rejects. */
  begin(request: Request, options?: ExchangeOptions): Exchange<D>;

  /** {@link start} in its parts. */
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

  /** Has the provider remove what expired; resolves to how many records. Where the client keeps them: 0. */
  gc(): Promise<number>;

  /** Calls {@link gc} every `gcLifetime` seconds, without keeping the process alive, until the returned function. */
  startGC(): () => void;

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
  /** A field, for what is to be shown of it: a device's name, say. */
  get<F extends Field<D>>(field: F): D[F] | undefined;
  /** Ends it. */
  destroy(): Promise<void>;
}

/** A {@link Manager} whose provider has a store: it can also load, count, and list an owner's sessions. */
export interface StoreManager<D extends object> extends Manager<D> {
  /**
   * The session of an id, outside of any response (a WebSocket, a job); `undefined` when there is none. Its changes are
   * stored by `release()`, or as it is disposed of.
   */
  load(id: string): Promise<SessionStore<D> | undefined>;

  /** Whether an id is a session's now. */
  exists(id: string): Promise<boolean>;

  /**
   * How many sessions the provider keeps now, those of other Managers on the same store included. Where a provider has
   * to look at each of them, a million take half a minute: for operators, not for requests.
   */
  count(): Promise<number>;

  /**
   * The sessions whose `owner` was set to this one, last stored first. Rejects with `SESS_UNSUPPORTED` where the
   * provider keeps no index of owners, and with `SESS_ENVELOPE` or `SESS_UNAVAILABLE` where some could not be read: the
   * message says how many.
   */
  listOwned(owner: string, options?: { readonly current?: SessionStore<D> }): Promise<OwnedSession<D>[]>;

  /**
   * Signs an owner out everywhere, except from one session where that is passed: every session whose save with this
   * owner was acknowledged before the call. Resolves to how many were ended. A sign-in under way at the same time may
   * be missed; an application that must not miss it keeps a version of the credentials in the session. Where some could not
   * be ended it rejects when all others have been: the message says how many are left. Call it again.
   */
  destroyOwned(owner: string, options?: { readonly except?: SessionStore<D> }): Promise<number>;
}
