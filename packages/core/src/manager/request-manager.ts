import type { IncomingMessage, ServerResponse } from "node:http";
import type { Identity, LoadedSession, PresentedRival, SessionBackend } from "../backend/session-backend.js";
import { closed } from "../backend/store-backend.js";
import type { Settings } from "../config/options.js";
import { type Diagnostics, report } from "../diagnostics.js";
import { toDictionaryMode } from "../http/dictionary-mode.js";
import { FetchExchange } from "../http/fetch.js";
import { holdResponse } from "../http/hold/hold-response.js";
import { NodeExchange } from "../http/node-exchange.js";
import { assertPeerKnown, FetchRequest, NodeRequest, type RequestView } from "../http/request.js";
import { type ResponseSettings, SessionResponse, type WhyNone } from "../http/response.js";
import { runHandler } from "../http/run-handler.js";
import { SecureCookiePolicy } from "../http/secure-cookie-policy.js";
import { SharedNameAdvice } from "../http/shared-name-advice.js";
import { newId, ownerKey } from "../ids.js";
import { type Binding, Session } from "../session/session.js";
import type { SessionStore } from "../session/session-store.js";
import type { ExchangeOptions, FetchHandler, SessionHandler } from "./manager.js";
import type { Selection } from "./select-session.js";

export type { LoadedSession };

/** What a request came with. */
export interface PresentedSession extends Selection {
  /** Whether there was a cookie of our name at all. */
  readonly cookie: boolean;
  /** Why there is no session, where there is a reason. */
  readonly reason: WhyNone | undefined;
}

/** A request's session. It says whose: a copy of a request has the same, and is another request. */
class Started<D extends object> {
  readonly req: IncomingMessage;
  readonly request: NodeRequest;
  readonly response: SessionResponse<D>;
  /** Whether there is no response, or none any more. The session is stored, and prolonged, by itself. */
  readonly isAlone: boolean;
  /** The response that came last; mostly the only one. */
  #held: ServerResponse | undefined;
  /** `undefined` until it is asked for, and after a failure: a store that was down may be up again. */
  session: Promise<Session<D>> | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, settings: ResponseSettings) {
    this.req = req;
    this.request = new NodeRequest(req);
    this.isAlone = isUpgrade(req, res) || res.writableEnded;
    const isOver = () => this.isAlone || res.writableEnded || res.destroyed;
    this.response = new SessionResponse<D>(this.request, settings, this.isAlone || res.headersSent, isOver);
  }

  hold(res: ServerResponse): void {
    if (this.#held === res || this.isAlone) return;
    this.#held = res;
    holdResponse(res, this.response);
  }
}

/**
 * Whether there is no response to hold: the connection is to speak another protocol, and what there is of a response only
 * looks like one. A server that does not upgrade answers such a request as any other, and Node says so.
 */
function isUpgrade(req: IncomingMessage & { readonly upgrade?: unknown }, res: ServerResponse): boolean {
  if (req.headers.upgrade === undefined) return false;
  return req.upgrade === true || !("statusCode" in res);
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
    const cookiePolicy = new SecureCookiePolicy(settings);
    const nameAdvice = process.env.NODE_ENV === "production" ? undefined : new SharedNameAdvice(settings.cookieName);
    this.#forResponses = { settings, diagnostics, cookiePolicy, nameAdvice };
  }

  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void {
    return (req, res) => runHandler(res, () => this.#handle(handler, req, res));
  }

  begin(request: Request, options?: ExchangeOptions): FetchExchange<D>;
  begin(req: IncomingMessage, res: ServerResponse): NodeExchange<D>;
  begin(request: Request | IncomingMessage, second?: ExchangeOptions | ServerResponse): object {
    if (!("httpVersion" in request)) return this.#beginFetch(request, second as ExchangeOptions | undefined);
    const started = this.#started(request, second as ServerResponse);
    return new NodeExchange<D>(started.response, () => this.#load(started, second as ServerResponse));
  }

  #beginFetch(request: Request, options: ExchangeOptions = {}): FetchExchange<D> {
    const view = new FetchRequest(request, options);
    assertPeerKnown(view, this.settings);
    const response = new SessionResponse<D>(view, this.#forResponses, false, () => true);
    const onError = options.onError ?? this.settings.onError;
    const ask = onError === undefined ? undefined : (error: unknown) => onError(error, request);
    return new FetchExchange<D>(response, () => this.#bind(response, view), ask);
  }

  async handle(request: Request, handler: FetchHandler<D>, options?: ExchangeOptions): Promise<Response> {
    const exchange = this.#beginFetch(request, options);
    let response: Response;
    try {
      response = await handler(await exchange.session(), request);
    } catch (error) {
      return exchange.caught(error);
    }
    return exchange.respond(response);
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

  /** `rivals`: live sessions that were presented beside each other, where the request has none for that reason. */
  session(
    found: Partial<LoadedSession> | undefined,
    presented: boolean,
    binding?: Binding,
    rivals: readonly PresentedRival[] = [],
  ): Session<D> {
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
      rivals,
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
    return this.#load(this.#started(req, res), res);
  }

  #started(req: IncomingMessage, res: ServerResponse): Started<D> {
    const carrier = req as IncomingMessage & Record<symbol, Started<D>>;
    const before = carrier[this.#slot];
    if (before !== undefined && before.req === req) return before;
    const started = new Started<D>(req, res, this.#forResponses);
    toDictionaryMode(req, "upgrade");
    carrier[this.#slot] = started;
    return started;
  }

  #load(started: Started<D>, res: ServerResponse): Promise<Session<D>> {
    started.hold(res);
    started.session ??= this.#loadOnce(started);
    return started.session;
  }

  async #loadOnce(started: Started<D>): Promise<Session<D>> {
    try {
      const session = await this.#bind(started.response, started.request, started.req);
      if (started.isAlone) Promise.resolve(session.commitForResponse()).catch(report);
      return session;
    } catch (error) {
      started.session = undefined;
      started.response.notLoaded(error);
      throw error;
    }
  }

  async #bind(response: SessionResponse<D>, request: RequestView, req?: IncomingMessage): Promise<Session<D>> {
    this.assertOpen();
    const { found, rivals, cookie, reason } = await this.presented(request);
    const elsewhere =
      found === undefined && rivals.length === 0 ? await this.#fallbackLookup?.(request, req) : undefined;
    const session = this.session(found ?? elsewhere, cookie, response, rivals);
    response.bind(session, reason);
    return session;
  }
}
