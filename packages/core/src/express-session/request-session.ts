import type { IncomingMessage } from "node:http";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import type { AdapterHooks } from "../session/response-session.js";
import type { AnySession, ManagerInternals } from "./internals.js";
import { isOwed } from "./migration.js";
import { type Actions, isPlainSession, plainSession } from "./plain-session.js";
import { Properties } from "./properties.js";
import { SessionCookie } from "./session-cookie.js";

/** A request as the middleware leaves it. */
export interface SessionRequest {
  session?: unknown;
  sessionID?: string;
}

export interface RequestOptions {
  readonly internals: ManagerInternals;
  readonly unset: "keep" | "destroy";
  /** Lifetime of a new session's cookie, ms, where it has one of its own. */
  readonly maxAge: (req: IncomingMessage) => number | undefined;
}

/** Gives a request its `req.session` and follows it until the response begins. */
export class RequestSession implements Actions, AdapterHooks {
  readonly #req: IncomingMessage & SessionRequest;
  readonly #session: AnySession;
  readonly #options: RequestOptions;
  /** Those of the present `req.session`. */
  #properties: Properties | undefined;
  #cookie: SessionCookie | undefined;
  /** The session's own lifetime, ms. */
  #own: number | undefined;
  /** Operations without a callback, for which the response waits. */
  readonly #unheard = new Set<Promise<void>>();
  /** Whether the application has said how long this session lasts. */
  #chosen = false;
  /** Whether the client may not have the cookie yet. */
  #owed = false;
  /** Whether destroying it was requested and has not failed. */
  #ending = false;

  constructor(req: IncomingMessage, session: AnySession, options: RequestOptions) {
    this.#req = req;
    this.#session = session;
    this.#options = options;
  }

  begin(): void {
    const { stored } = this.#session.forResponse.state;
    this.#own = stored?.lifetime;
    this.#owed = isOwed(stored);
    if (stored === undefined) this.#takeOption();
    this.#give();
    const get = () => this.#session.id;
    Object.defineProperty(this.#req, "sessionID", { get, enumerable: true, configurable: true });
    this.#session.forResponse.hooks = this;
  }

  async beforeStoring(): Promise<void> {
    assertGiven(this.#req.session);
    await this.#settle();
  }

  /** Not if the session has a new id meanwhile: the sign-in has sent a newer cookie. */
  async owesCookie(): Promise<boolean> {
    // Operations that were requested while the session was being stored.
    await this.#heard();
    return this.#owed && (await this.#options.internals.exists(this.#session.id));
  }

  async regenerate(): Promise<void> {
    this.#properties?.leave();
    const own = this.#own;
    if (!this.#chosen) this.#own = undefined;
    this.#takeOption();
    try {
      // The new session begins empty: fields of the old one, also those set by other requests, are not in it.
      this.#session.forResponse.state.beginAnew();
      await this.#session.regenerate();
      this.#give();
    } catch (error) {
      this.#session.forResponse.state.view.discard();
      this.#own = own;
      if (this.#req.session) this.#give();
      throw error;
    }
  }

  destroy(): Promise<void> {
    delete this.#req.session;
    return this.#end();
  }

  async reload(): Promise<void> {
    this.#properties?.leave();
    this.#session.forResponse.state.view.discard();
    const there = await this.#session.reload();
    const { stored } = this.#session.forResponse.state;
    if (!there || stored === undefined) {
      throw new SessionError("SESS_GONE", "there is no such session: not stored, ended, or under a new id");
    }
    this.#own = stored.lifetime;
    this.#give();
  }

  async save(): Promise<void> {
    if (this.#ending) throw new SessionError("SESS_GONE", "this session was destroyed by this request");
    if (this.#cookie?.hasEnded) await this.#end();
    else await this.#session.release();
  }

  async touch(): Promise<void> {
    // Prolonging a session in its cookie needs a new cookie, for which it may be too late.
    await this.#session.touch().catch(() => {});
  }

  /** The response waits for it, and fails if it fails. */
  unheard(action: Promise<void>): void {
    this.#unheard.add(action);
    action.then(
      () => this.#unheard.delete(action),
      (error: unknown) => {
        if (this.#session.forResponse.ended && this.#unheard.delete(action)) report(error);
      },
    );
  }

  #takeOption(): void {
    const maxAge = this.#options.maxAge(this.#req);
    if (maxAge === undefined || this.#chosen) return;
    if (maxAge > 0) this.#session.lifetime = Math.ceil(maxAge / 1000);
    this.#own = maxAge;
  }

  /** `undefined` removes the session's own lifetime. */
  #choose(seconds: number | undefined): void {
    if (seconds === undefined) this.#session.forResponse.state.lifetime = undefined;
    else this.#session.lifetime = seconds;
    this.#own = seconds === undefined ? undefined : seconds * 1000;
    this.#chosen = true;
  }

  /** Not for a request that has destroyed its session: nothing could be stored in it. */
  #give(): void {
    if (this.#ending) return;
    const cookie = new SessionCookie(this.#req, this.#options.internals.settings, this.#own, (seconds) =>
      this.#choose(seconds),
    );
    this.#cookie = cookie;
    this.#properties = new Properties(this.#session);
    this.#req.session = plainSession({ properties: this.#properties, cookie, actions: this });
  }

  /** Code that still has the object keeps its values. */
  async #end(): Promise<void> {
    this.#properties?.leave();
    this.#ending = true;
    try {
      await this.#session.destroy();
    } catch (error) {
      this.#ending = false;
      throw error;
    }
  }

  async #heard(): Promise<void> {
    const actions = [...this.#unheard];
    this.#unheard.clear();
    await Promise.all(actions);
  }

  /** Waits for operations without a callback, and ends a session that was unset or whose cookie has ended. */
  async #settle(): Promise<void> {
    await this.#heard();
    if (this.#ending) return;
    if (this.#req.session) {
      if (this.#cookie?.hasEnded) await this.#end();
    } else if (this.#options.unset === "keep") this.#session.forResponse.state.view.discard();
    else await this.#end();
  }
}

/** Another object assigned to `req.session` would silently not be stored. */
function assertGiven(session: unknown): void {
  if (!session || isPlainSession(session)) return;
  const instead = "set its properties instead, or set it to null";
  throw new SessionError("SESS_VALUE", `req.session was replaced by another object: ${instead}`);
}
