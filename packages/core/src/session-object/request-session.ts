import type { IncomingMessage } from "node:http";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import type { AdapterHooks } from "../session/response-session.js";
import type { AnySession, ManagerInternals } from "./internals.js";
import { Properties } from "./properties.js";
import { SessionCookie } from "./session-cookie.js";
import { type Actions, isSessionObject, type ObjectShape } from "./session-object.js";

/** Where the application finds its session object: mostly the request. */
export interface SessionHolder {
  session?: unknown;
}

export interface RequestOptions {
  readonly internals: ManagerInternals;
  readonly shape: ObjectShape;
  /** What happens to a session that the application has taken away. */
  readonly unset: "keep" | "destroy";
  /** Lifetime of a new session's cookie, ms, where it has one of its own. */
  readonly maxAge?: (req: IncomingMessage) => number | undefined;
  /** A field that is no property. */
  readonly hidden?: string;
  /** Whether the client may not have the cookie of a stored session yet. */
  readonly isOwed?: (stored: object | undefined) => boolean;
}

/** Gives a request its session object and follows it until the response begins. */
export class RequestSession implements Actions, AdapterHooks {
  readonly #holder: SessionHolder;
  readonly #req: IncomingMessage;
  readonly #session: AnySession;
  readonly #options: RequestOptions;
  /** Those of the present session object. */
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

  constructor(holder: SessionHolder, req: IncomingMessage, session: AnySession, options: RequestOptions) {
    this.#holder = holder;
    this.#req = req;
    this.#session = session;
    this.#options = options;
  }

  begin(): void {
    const { stored } = this.#session.forResponse.state;
    this.#own = stored?.lifetime;
    this.#owed = this.#options.isOwed?.(stored) ?? false;
    if (stored === undefined) this.#takeOption();
    this.#give();
    this.#session.forResponse.hooks = this;
  }

  async beforeStoring(): Promise<void> {
    assertGiven(this.#holder.session);
    await this.#settle();
  }

  /** Not if the session has a new id meanwhile: the sign-in has sent a newer cookie. */
  async owesCookie(): Promise<boolean> {
    // Operations that were requested while the session was being stored.
    await this.#heard();
    return this.#owed && (await this.#options.internals.exists(this.#session.id));
  }

  async regenerate(kept: readonly string[] = []): Promise<void> {
    const fields = new Set(kept.filter((name) => this.#options.shape.isField(name) && name !== this.#options.hidden));
    const keepsLifetime = kept.includes("cookie");
    this.#properties?.leave();
    const own = this.#own;
    if (!this.#chosen && !keepsLifetime) this.#own = undefined;
    this.#takeOption();
    try {
      // Other fields of the old session, also those set by other requests, are not in the new one.
      this.#session.forResponse.state.beginAnew(fields);
      if (keepsLifetime && own !== undefined) this.#session.lifetime = Math.ceil(own / 1000);
      await this.#session.regenerate();
      this.#give();
    } catch (error) {
      this.#session.forResponse.state.view.discard();
      this.#own = own;
      if (this.#holder.session) this.#give();
      throw error;
    }
  }

  move(): Promise<void> {
    return this.#session.regenerate();
  }

  /** The properties of the session become those of an object; no other stays, not even one that this request never saw. */
  replace(object: unknown): void {
    if (typeof object !== "object" || object === null) {
      throw new SessionError("SESS_VALUE", "a session can be replaced by an object, and by null to end it");
    }
    const copy = { ...object };
    // What is refused is refused before anything is changed.
    for (const [name, value] of Object.entries(copy)) this.#options.shape.assertTakes(name, value);
    this.#properties?.leave();
    this.#session.flush();
    this.#give();
    Object.assign(this.#holder.session as object, copy);
  }

  destroy(): Promise<void> {
    delete this.#holder.session;
    return this.#end();
  }

  async reload(): Promise<void> {
    this.#properties?.leave();
    this.#session.forResponse.state.view.discard();
    try {
      const there = await this.#session.reload();
      const { stored } = this.#session.forResponse.state;
      if (!there || stored === undefined) {
        throw new SessionError("SESS_GONE", "there is no such session: not stored, ended, or under a new id");
      }
      this.#own = stored.lifetime;
    } finally {
      // Also after a failure: what is set then must not be lost in silence.
      if (this.#holder.session) this.#give();
    }
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
    const maxAge = this.#options.maxAge?.(this.#req);
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
    const properties = new Properties(this.#session, this.#options.hidden);
    this.#properties = properties;
    this.#holder.session = this.#options.shape.create({ session: this.#session, properties, cookie, actions: this });
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
    if (this.#holder.session) {
      if (this.#cookie?.hasEnded) await this.#end();
    } else if (this.#options.unset === "keep") this.#session.forResponse.state.view.discard();
    else await this.#end();
  }
}

/** Another object in the place of the session would silently not be stored. */
function assertGiven(session: unknown): void {
  if (!session || isSessionObject(session)) return;
  const instead = "set its properties instead, or set it to null";
  throw new SessionError("SESS_VALUE", `the session was replaced by another object: ${instead}`);
}
