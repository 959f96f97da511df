import type { IncomingMessage, ServerResponse } from "node:http";
import type { Deadline } from "../backend/deadline.js";
import { closed } from "../backend/refusals.js";
import type { Identity, LoadedSession, PresentedRival, SessionBackend } from "../backend/session-backend.js";
import type { Settings } from "../config/options.js";
import { type Diagnostics, report } from "../diagnostics.js";
import { FetchExchange } from "../http/fetch-exchange.js";
import { NodeExchange } from "../http/node-exchange.js";
import { assertPeerKnown } from "../http/proxy-trust.js";
import { type ExchangeOptions, FetchRequest, type RequestView } from "../http/request-view.js";
import { type ResponseSettings, SessionResponse } from "../http/response-commit.js";
import { runHandler } from "../http/run-handler.js";
import { SecureCookiePolicy } from "../http/secure-cookie-policy.js";
import { SharedNameAdvice } from "../http/shared-name-advice.js";
import { newId, ownerKey } from "../ids.js";
import { Session } from "../session/session.js";
import type { Binding } from "../session/session-parts.js";
import type { SessionStore } from "../session/session-store.js";
import type { FetchHandler, SessionHandler } from "./manager.js";
import type { FallbackLookup, PresentedSession } from "./select-session.js";
import { type StartedRequest, StartedRequests } from "./started-requests.js";

/**
 * The common part of all Managers: from a request to its session and on to its response. Some methods are for core's
 * own adapters; the public types do not have them.
 */
export abstract class RequestManager<D extends object> {
  readonly settings: Settings;
  readonly #backend: SessionBackend;
  readonly #forResponses: ResponseSettings;
  readonly #requests: StartedRequests<D>;
  readonly #newIdentity = () => this.identify(newId(this.settings.id));
  readonly #ownerKey = (owner: string) => ownerKey(this.settings.namespace, owner);
  #fallbackLookup: FallbackLookup | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, backend: SessionBackend, diagnostics: Diagnostics) {
    this.settings = settings;
    this.#backend = backend;
    const cookiePolicy = new SecureCookiePolicy(settings);
    const nameAdvice = process.env.NODE_ENV === "production" ? undefined : new SharedNameAdvice(settings.cookieName);
    this.#forResponses = { settings, diagnostics, cookiePolicy, nameAdvice };
    this.#requests = new StartedRequests(this.#forResponses);
  }

  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void {
    return (req, res) => runHandler(res, () => this.#handle(handler, req, res));
  }

  begin(request: Request, options?: ExchangeOptions): FetchExchange<D>;
  begin(req: IncomingMessage, res: ServerResponse): NodeExchange<D>;
  begin(request: Request | IncomingMessage, second?: ExchangeOptions | ServerResponse): object {
    if (!("httpVersion" in request)) return this.#beginFetch(request, second as ExchangeOptions | undefined);
    const started = this.#requests.of(request, second as ServerResponse);
    return new NodeExchange<D>(started.response, () => this.#load(started, second as ServerResponse));
  }

  #beginFetch(request: Request, options: ExchangeOptions = {}): FetchExchange<D> {
    const view = new FetchRequest(request, options);
    assertPeerKnown(view, this.settings);
    const response = new SessionResponse(view, this.#forResponses, false, () => true);
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

  /** Lets an adapter look elsewhere for the session of a request without an id of ours. */
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

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** The deadline of an operation that is requested now. */
  deadline(): Deadline {
    return this.#backend.deadline();
  }

  /** What the request's cookie, header or query leads to. */
  abstract presented(request: RequestView): Promise<PresentedSession>;

  abstract exists(id: string): Promise<boolean>;

  /** The storage key of an id. */
  abstract identify(id: string): Identity;

  /** Finishes what is under way and closes the provider. */
  protected abstract finish(): Promise<void>;

  protected assertOpen(): void {
    if (this.isClosed) throw closed();
  }

  /** `rivals`: the live sessions that were presented together, if the request has no session for that reason. */
  session(
    found: Partial<LoadedSession> | undefined,
    presented: boolean,
    binding?: Binding,
    rivals: readonly PresentedRival[] = [],
  ): Session<D> {
    return new Session<D>({
      backend: this.#backend,
      now: this.settings.now,
      idle: this.settings.idle,
      newIdentity: this.#newIdentity,
      ownerKey: this.#ownerKey,
      identity: found?.identity ?? this.#newIdentity(),
      stored: found?.stored,
      presented,
      rivals,
      binding,
    });
  }

  async #handle(handler: SessionHandler<D>, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const session = await this.#start(req, res);
    try {
      const pending = handler(session, req, res);
      if (isPending(pending)) await pending;
    } catch (error) {
      await session.forResponse.discard();
      throw error;
    }
  }

  #start(req: IncomingMessage, res: ServerResponse): Promise<Session<D>> {
    return this.#load(this.#requests.of(req, res), res);
  }

  #load(started: StartedRequest<D>, res: ServerResponse): Promise<Session<D>> {
    started.hold(res);
    started.session ??= this.#loadOnce(started);
    return started.session;
  }

  #loadOnce(started: StartedRequest<D>): Promise<Session<D>> {
    return this.#bind(started.response, started.request, started.req).then(
      (session) => {
        if (started.isAlone) Promise.resolve(session.forResponse.commit()).catch(report);
        return session;
      },
      (error: unknown) => {
        started.session = undefined;
        started.response.notLoaded(error);
        throw error;
      },
    );
  }

  async #bind(response: SessionResponse, request: RequestView, req?: IncomingMessage): Promise<Session<D>> {
    this.assertOpen();
    const { found, rivals, cookie, reason } = await this.presented(request);
    const elsewhere =
      found === undefined && rivals.length === 0 ? await this.#fallbackLookup?.(request, req) : undefined;
    const session = this.session(found ?? elsewhere, cookie, response, rivals);
    response.bind(session.forResponse, reason);
    return session;
  }
}

/** Whether a handler has to be waited for. */
function isPending(result: unknown): boolean {
  return typeof result === "object" && result !== null && "then" in result;
}
