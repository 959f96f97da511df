import type { IncomingMessage } from "node:http";
import { SessionError } from "../errors.js";
import type { AdapterHooks } from "../session/session.js";
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

/** Gives a request its `req.session`, and watches what becomes of it until the response begins. */
export class RequestSession implements Actions, AdapterHooks {
  readonly #req: IncomingMessage & SessionRequest;
  readonly #session: AnySession;
  readonly #options: RequestOptions;
  /** Those of the present `req.session`. */
  #properties: Properties | undefined;
  /** The lifetime that this session has of its own, ms. */
  #own: number | undefined;
  readonly #unheard: Promise<void>[] = [];
  /** Whether the application has said how long this session lasts. */
  #chosen = false;
  /** Whether the client may not have its cookie yet. */
  #owed = false;
  #destroyed = false;

  constructor(req: IncomingMessage, session: AnySession, options: RequestOptions) {
    this.#req = req;
    this.#session = session;
    this.#options = options;
  }

  begin(): void {
    const { stored } = this.#session;
    this.#own = stored?.lifetime;
    this.#owed = isOwed(stored);
    if (stored === undefined) this.#takeOption();
    this.#give();
    const get = () => this.#session.id;
    Object.defineProperty(this.#req, "sessionID", { get, enumerable: true, configurable: true });
    this.#session.hooks = this;
  }

  async beforeStoring(): Promise<void> {
    assertGiven(this.#req.session);
    await this.#settle();
  }

  /** Not if the session has a new id meanwhile: a sign-in has sent a newer cookie. */
  async owesCookie(): Promise<boolean> {
    return this.#owed && (await this.#options.internals.exists(this.#session.id));
  }

  async regenerate(): Promise<void> {
    this.#properties?.leave();
    this.#takeOption();
    try {
      // The new session begins empty: what the old one held, by other requests as well, is not in it.
      this.#session.flush();
      await this.#session.regenerate();
      this.#give();
    } catch (error) {
      this.#session.discard();
      this.#give();
      throw error;
    }
  }

  async destroy(): Promise<void> {
    this.#properties?.leave();
    delete this.#req.session;
    await this.#session.destroy();
    this.#destroyed = true;
  }

  async reload(): Promise<void> {
    this.#properties?.leave();
    this.#session.discard();
    const there = await this.#session.reload();
    const { stored } = this.#session;
    if (!there || stored === undefined) {
      throw new SessionError("SESS_GONE", "there is no such session: not stored, ended, or under a new id");
    }
    this.#own = stored.lifetime;
    this.#give();
  }

  save(): Promise<void> {
    return this.#session.release();
  }

  unheard(action: Promise<void>): void {
    action.catch(() => {});
    this.#unheard.push(action);
  }

  #takeOption(): void {
    const maxAge = this.#options.maxAge(this.#req);
    if (maxAge === undefined || this.#chosen) return;
    this.#session.lifetime = Math.ceil(maxAge / 1000);
    this.#own = maxAge;
  }

  #choose(seconds: number): void {
    this.#session.lifetime = seconds;
    this.#own = seconds * 1000;
    this.#chosen = true;
  }

  #give(): void {
    const { cookie: attributes, cookieMaxAge } = this.#options.internals.settings;
    const maxAge = this.#own ?? (cookieMaxAge === undefined ? null : cookieMaxAge * 1000);
    const cookie = new SessionCookie(attributes, maxAge, (seconds) => this.#choose(seconds));
    this.#properties = new Properties(this.#session);
    this.#req.session = plainSession({ properties: this.#properties, cookie, actions: this });
  }

  /** Waits for what nobody else hears of, and sees to a session that was unset. */
  async #settle(): Promise<void> {
    await Promise.all(this.#unheard.splice(0));
    if (this.#req.session || this.#destroyed) return;
    if (this.#options.unset === "keep") this.#session.discard();
    else await this.#session.destroy();
  }
}

/** What somebody else put there in its place would not be stored, and nobody would know. */
function assertGiven(session: unknown): void {
  if (!session || isPlainSession(session)) return;
  const instead = "set its properties instead, or set it to null";
  throw new SessionError("SESS_VALUE", `req.session was replaced by another object: ${instead}`);
}
