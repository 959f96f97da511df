import type { IncomingMessage, ServerResponse } from "node:http";
import type { Settings } from "./config/config.js";
import { holdResponse } from "./http/held-response.js";
import { presentedIds } from "./http/request.js";
import { SessionResponse } from "./http/response.js";
import { runHandler } from "./http/run-handler.js";
import { isId, newId, sessionKey } from "./keys.js";
import { type Binding, type Identity, Session } from "./session.js";
import type { SessionStore } from "./session-store.js";
import type { Backend } from "./store/backend.js";
import type { StoreContext } from "./store/context.js";
import type { Known } from "./store/known.js";
import { closed, Repository } from "./store/repository.js";

/** What a request listener made by {@link Manager.handler} calls for each request. */
export type SessionHandler<D extends object> = (
  session: SessionStore<D>,
  req: IncomingMessage,
  res: ServerResponse,
) => unknown;

/** Sessions of one application, kept by one provider. Made by `createManager`; `close()` it at shutdown. */
export interface Manager<D extends object> {
  /**
   * A `node:http` request listener that has the session loaded before `handler` runs. When the handler throws, the
   * response is a 500 (or the status of the `SessionError`) and changes not yet stored are discarded; when the store
   * is down it is a 503.
   */
  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void;

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

  /**
   * The session of an id, outside of any response (a WebSocket, a job); `undefined` when there is none. Its changes are
   * stored by `release()`, or as it is disposed of.
   */
  load(id: string): Promise<SessionStore<D> | undefined>;

  /** Whether an id is a session's now. */
  exists(id: string): Promise<boolean>;

  /** How many sessions the provider keeps now, those of other Managers on the same store included. */
  count(): Promise<number>;

  /** Has the provider remove what expired; resolves to how many records. */
  gc(): Promise<number>;

  /** Calls {@link gc} every `gcLifetime` seconds, without keeping the process alive, until the returned function. */
  startGC(): () => void;

  /** Finishes what is being stored, stops gc, and closes the provider. Idempotent. */
  close(): Promise<void>;
}

interface Found {
  readonly identity: Identity;
  readonly known: Known;
}

/** The Manager over a store. */
export class StoreManager<D extends object> implements Manager<D> {
  readonly #settings: Settings;
  readonly #backend: Backend;
  readonly #repository: Repository;
  readonly #started = new WeakMap<IncomingMessage, Promise<Session<D>>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, backend: Backend, context: StoreContext) {
    this.#settings = settings;
    this.#backend = backend;
    this.#repository = new Repository(backend, context);
  }

  handler(handler: SessionHandler<D>): (req: IncomingMessage, res: ServerResponse) => void {
    return (req, res) => runHandler(res, () => this.#handle(handler, req, res));
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

  async load(id: string): Promise<SessionStore<D> | undefined> {
    const found = await this.#find(id);
    return found && this.#session(found.identity, found.known, false);
  }

  async exists(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined;
  }

  async count(): Promise<number> {
    this.#assertOpen();
    return this.#backend.count();
  }

  async gc(): Promise<number> {
    this.#assertOpen();
    return this.#backend.gc();
  }

  startGC(): () => void {
    this.#assertOpen();
    let running = false;
    const timer = setInterval(async () => {
      if (running) return;
      running = true;
      await this.gc().catch(() => {}); // Published by the backend; the next round tries again.
      running = false;
    }, this.#settings.gcInterval);
    timer.unref();
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    await this.#repository.close();
    await this.#backend.close();
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
    const started = this.#started.get(req);
    if (started !== undefined) return started;
    const starting = this.#begin(req, res);
    this.#started.set(req, starting);
    // A store that was down may be up again when the handler asks a second time.
    starting.catch(() => this.#started.delete(req));
    return starting;
  }

  async #begin(req: IncomingMessage, res: ServerResponse): Promise<Session<D>> {
    this.#assertOpen();
    const { ids, cookie } = presentedIds(req, this.#settings);
    const response = new SessionResponse<D>(req, res, this.#settings);
    holdResponse(res, response);
    const found = await this.#choose(ids);
    const session = this.#session(found?.identity ?? this.#newIdentity(), found?.known, cookie, response);
    response.bind(session);
    return session;
  }

  /**
   * The record that the request's ids lead to: the one session among them, or else a marker that names a successor.
   * Two live sessions under one cookie name are nobody's: one of the cookies was planted (RFC 6265, section 8.6).
   */
  async #choose(ids: readonly string[]): Promise<Found | undefined> {
    const found: Found[] = [];
    for (const id of ids) {
      const identity = this.#identify(id);
      const known = await this.#repository.load(identity.key);
      if (known !== undefined && known.retired !== "") found.push({ identity, known });
    }
    const sessions = found.filter(({ known }) => known.retired === undefined);
    if (sessions.length > 1) return undefined;
    return sessions[0] ?? found[0];
  }

  async #find(id: string): Promise<Found | undefined> {
    this.#assertOpen();
    if (typeof id !== "string" || !isId(this.#settings.id, id)) return undefined;
    const identity = this.#identify(id);
    const known = await this.#repository.load(identity.key);
    return known === undefined || known.retired !== undefined ? undefined : { identity, known };
  }

  #session(identity: Identity, known: Known | undefined, presented: boolean, binding?: Binding): Session<D> {
    return new Session<D>({
      repository: this.#repository,
      now: this.#settings.now,
      idle: this.#settings.idle,
      newIdentity: () => this.#newIdentity(),
      identity,
      known,
      presented,
      binding,
    });
  }

  #newIdentity(): Identity {
    return this.#identify(newId(this.#settings.id));
  }

  #identify(id: string): Identity {
    return { id, key: sessionKey(this.#settings.namespace, id) };
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closed();
  }
}
