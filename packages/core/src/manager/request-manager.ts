import type { IncomingMessage, ServerResponse } from "node:http";
import type { Identity, SessionBackend } from "../backend/session-backend.js";
import { closed } from "../backend/store-backend.js";
import type { Settings } from "../config/options.js";
import type { Diagnostics } from "../diagnostics.js";
import { toDictionaryMode } from "../http/dictionary-mode.js";
import { FetchExchange } from "../http/fetch.js";
import { holdResponse } from "../http/held-response.js";
import { FetchRequest, NodeRequest, type RequestView } from "../http/request.js";
import { type ResponseSettings, SessionResponse } from "../http/response.js";
import { runHandler } from "../http/run-handler.js";
import { SecureCookiePolicy } from "../http/secure-cookie-policy.js";
import { newId, ownerKey } from "../ids.js";
import type { StoredSession } from "../record/stored-session.js";
import { type Binding, Session } from "../session/session.js";
import type { SessionStore } from "../session/session-store.js";
import type { FetchHandler, SessionHandler } from "./manager.js";

/** A session or a marker, and the id that led to it. */
export interface LoadedSession {
  readonly identity: Identity;
  readonly stored: StoredSession;
}

/** What a request came with. */
export interface PresentedSession {
  readonly found: LoadedSession | undefined;
  /** Whether there was a cookie of our name at all. */
  readonly cookie: boolean;
}

/** A request's session. It says whose: a copy of a request has the same, and is another request. */
class Started<S> {
  readonly req: IncomingMessage;
  session: Promise<S> | undefined;
  hasFailed = false;

  constructor(req: IncomingMessage) {
    this.req = req;
  }
}

/** Where else a session may be found, when what a request came with leads to none. `req`: what Node has of it. */
export type FallbackLookup = (request: RequestView, req?: IncomingMessage) => Promise<LoadedSession | undefined>;

/**
 * What all Managers have in common: from a request to its session and on to its response. Some of its methods are for
 * adapters of core's own; the public types do not have them.
 */
export abstract class RequestManager<D extends object> {
  readonly settings: Settings;
  readonly #backend: SessionBackend;
  readonly #forResponses: ResponseSettings;
  /** Where a request has its session: a WeakMap with an entry for each costs the garbage collector far more. */
  readonly #slot = Symbol("sess");
  #fallbackLookup: FallbackLookup | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, backend: SessionBackend, diagnostics: Diagnostics) {
    this.settings = settings;
    this.#backend = backend;
    this.#forResponses = { settings, diagnostics, cookiePolicy: new SecureCookiePolicy(settings) };
  }

  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void {
    return (req, res) => runHandler(res, () => this.#handle(handler, req, res));
  }

  begin(request: Request): FetchExchange<D> {
    const view = new FetchRequest(request);
    const response = new SessionResponse<D>(view, this.#forResponses, false, () => true);
    return new FetchExchange<D>(response, async () => {
      this.assertOpen();
      const own = await this.presented(view);
      return this.#bind(response, own, own.found ?? (await this.#fallbackLookup?.(view)));
    });
  }

  async handle(request: Request, handler: FetchHandler<D>): Promise<Response> {
    const exchange = this.begin(request);
    try {
      return await exchange.respond(await handler(await exchange.session(), request));
    } catch (error) {
      // Where throwing a response is how to answer, it is an answer like any other.
      return error instanceof Response ? exchange.respond(error) : exchange.fail(error);
    }
  }

  start(req: IncomingMessage, res: ServerResponse): Promise<SessionStore<D>> {
    return this.#start(req, res);
  }

  async regenerate(req: IncomingMessage, res: ServerResponse): Promise<SessionStore<D>> {
    const session = await this.#start(req, res);
    await session.regenerate();
    return session;
  }

  async destroy(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const session = await this.#start(req, res);
    await session.destroy();
  }

  /** Has requests that come with nothing of ours looked up elsewhere, by an adapter. */
  setFallbackLookup(fallbackLookup: FallbackLookup): void {
    this.#fallbackLookup = fallbackLookup;
  }

  close(): Promise<void> {
    this.#closing ??= this.finish();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the request's cookie, header or query leads to. */
  abstract presented(request: RequestView): Promise<PresentedSession>;

  abstract exists(id: string): Promise<boolean>;

  /** The storage key of an id. */
  abstract identify(id: string): Identity;

  /** Finishes what is under way and closes the provider. */
  protected abstract finish(): Promise<void>;

  protected assertOpen(): void {
    if (this.#closing !== undefined) throw closed();
  }

  session(found: Partial<LoadedSession> | undefined, presented: boolean, binding?: Binding): Session<D> {
    const newIdentity = () => this.identify(newId(this.settings.id));
    return new Session<D>({
      backend: this.#backend,
      now: this.settings.now,
      idle: this.settings.idle,
      newIdentity,
      ownerKey: (owner) => ownerKey(this.settings.namespace, owner),
      identity: found?.identity ?? newIdentity(),
      stored: found?.stored,
      presented,
      binding,
    });
  }

  async #handle(handler: SessionHandler<D>, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const session = await this.#start(req, res);
    try {
      await handler(session, req, res);
    } catch (error) {
      await session.discardForResponse();
      throw error;
    }
  }

  #start(req: IncomingMessage, res: ServerResponse): Promise<Session<D>> {
    const carrier = req as IncomingMessage & Record<symbol, Started<Session<D>>>;
    const before = carrier[this.#slot];
    // A store that was down may be up again when the handler asks a second time.
    if (before?.session !== undefined && before.req === req && !before.hasFailed) return before.session;
    const started = new Started<Session<D>>(req);
    toDictionaryMode(req, "upgrade");
    carrier[this.#slot] = started;
    started.session = this.#begin(req, res, started);
    return started.session;
  }

  async #begin(req: IncomingMessage, res: ServerResponse, started: Started<Session<D>>): Promise<Session<D>> {
    try {
      this.assertOpen();
      const request = new NodeRequest(req);
      const response = new SessionResponse<D>(
        request,
        this.#forResponses,
        res.headersSent,
        () => res.writableEnded || res.destroyed,
      );
      holdResponse(res, response);
      const own = await this.presented(request);
      return this.#bind(response, own, own.found ?? (await this.#fallbackLookup?.(request, req)));
    } catch (error) {
      started.hasFailed = true;
      throw error;
    }
  }

  #bind(response: SessionResponse<D>, { cookie }: PresentedSession, found: LoadedSession | undefined): Session<D> {
    const session = this.session(found, cookie, response);
    response.bind(session);
    return session;
  }
}

/**
 * Of what several cookies of our name lead to: the one session among them, or else a marker that names a successor.
 * Two live sessions under one name are nobody's: one of the cookies was planted (RFC 6265, section 8.6).
 */
export function selectSession(found: readonly LoadedSession[]): LoadedSession | undefined {
  const sessions = found.filter(({ stored }) => stored.retired === undefined);
  if (sessions.length > 1) return undefined;
  return sessions[0] ?? found[0];
}
