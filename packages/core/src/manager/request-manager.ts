import type { IncomingMessage, ServerResponse } from "node:http";
import type { Settings } from "../config/config.js";
import type { Diagnostics } from "../diagnostics.js";
import { asTable } from "../http/as-table.js";
import { CookieAdvice } from "../http/cookie-advice.js";
import { FetchExchange } from "../http/fetch.js";
import { holdResponse } from "../http/held-response.js";
import { FetchRequest, NodeRequest, type RequestView } from "../http/request.js";
import { type ResponseSettings, SessionResponse, type WhyNone } from "../http/response.js";
import { runHandler } from "../http/run-handler.js";
import { newId, ownerKey } from "../keys.js";
import { type Binding, Session } from "../session/session.js";
import type { SessionStore } from "../session/session-store.js";
import type { Found, Identity, Keeper } from "../store/keeper.js";
import { closed } from "../store/repository.js";
import type { Choice } from "./choose.js";
import type { FetchHandler, SessionHandler } from "./manager.js";

export type { Found };

/** What a request came with. */
export interface Presented extends Choice {
  /** Whether there was a cookie of our name at all. */
  readonly cookie: boolean;
  /** Why there is no session, where there is a reason. */
  readonly why: WhyNone | undefined;
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

/** Where else a session may be found, when what a request came with leads to none. */
export type Elsewhere = (request: RequestView) => Promise<Found | undefined>;

/**
 * What all Managers have in common: from a request to its session and on to its response. Some of its methods are for
 * adapters of core's own; the public types do not have them.
 */
export abstract class RequestManager<D extends object> {
  readonly settings: Settings;
  readonly #keeper: Keeper;
  readonly #forResponses: ResponseSettings;
  /** Where a request has its session: a WeakMap with an entry for each costs the garbage collector far more. */
  readonly #slot = Symbol("sess");
  #elsewhere: Elsewhere | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, keeper: Keeper, diagnostics: Diagnostics) {
    this.settings = settings;
    this.#keeper = keeper;
    this.#forResponses = { settings, diagnostics, advice: new CookieAdvice(settings) };
  }

  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void {
    return (req, res) => runHandler(res, () => this.#handle(handler, req, res));
  }

  begin(request: Request): FetchExchange<D> {
    const view = new FetchRequest(request);
    const response = new SessionResponse<D>(view, this.#forResponses, false, () => true);
    return new FetchExchange<D>(response, async () => {
      this.assertOpen();
      return this.#load(view, response);
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
  alsoLookIn(elsewhere: Elsewhere): void {
    this.#elsewhere = elsewhere;
  }

  close(): Promise<void> {
    this.#closing ??= this.finish();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the request's cookie, header or query leads to. */
  abstract presented(request: RequestView): Promise<Presented>;

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
    found: Partial<Found> | undefined,
    presented: boolean,
    binding?: Binding,
    rivals: readonly Found[] = [],
  ): Session<D> {
    const newIdentity = () => this.identify(newId(this.settings.id));
    return new Session<D>({
      keeper: this.#keeper,
      now: this.settings.now,
      idle: this.settings.idle,
      newIdentity,
      ownerKey: (owner) => ownerKey(this.settings.namespace, owner),
      identity: found?.identity ?? newIdentity(),
      known: found?.known,
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
    const carrier = req as IncomingMessage & Record<symbol, Started<Session<D>>>;
    const before = carrier[this.#slot];
    // A store that was down may be up again when the handler asks a second time.
    if (before?.session !== undefined && before.req === req && !before.hasFailed) return before.session;
    const started = new Started<Session<D>>(req);
    asTable(req, "upgrade");
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
      return await this.#load(request, response);
    } catch (error) {
      started.hasFailed = true;
      throw error;
    }
  }

  /** The session of a request, tied to its response. */
  async #load(request: RequestView, response: SessionResponse<D>): Promise<Session<D>> {
    try {
      const { found, rivals, cookie, why } = await this.presented(request);
      const elsewhere = found === undefined && rivals.length === 0 ? await this.#elsewhere?.(request) : undefined;
      const session = this.session(found ?? elsewhere, cookie, response, rivals);
      response.bind(session, why);
      return session;
    } catch (error) {
      response.notLoaded(error);
      throw error;
    }
  }
}
