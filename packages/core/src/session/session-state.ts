import type { Identity } from "../backend/session-backend.js";
import { SessionError } from "../errors.js";
import type { Changes, Owner } from "../record/changes.js";
import { isTouchDue } from "../record/next-record.js";
import { openOwnerName } from "../record/owner-name.js";
import type { StoredSession } from "../record/stored-session.js";
import { FieldView, type LeftToStore } from "./field-view.js";
import type { SessionParts } from "./session-parts.js";

/** What the response must send to the client: the cookie of the present id, its deletion, or nothing. */
export type CookieDue = "set" | "clear" | undefined;

/**
 * What one request knows of its session: its id, the stored session, the changes, and the cookie that is due. Nothing
 * here is asynchronous.
 */
export class SessionState {
  readonly parts: SessionParts;
  readonly view: FieldView;
  #identity: Identity;
  /** Keys this session had earlier in this request, oldest first. */
  readonly #past: string[] = [];
  #stored: StoredSession | undefined;
  #loadedAt: number;
  /** Set by this request. Takes effect at creation or with a new id, or while that cookie is still to be sent. */
  lifetime: number | undefined;
  /** Set by this request. Takes effect at creation or with a new id. */
  absolute: number | undefined;
  /** When a session that is created here expires if nobody uses it, epoch ms; its idle lifetime may end it sooner. */
  unusedUntil: number | undefined;
  /** Whether this request created the session, or gave it the id that it has. */
  #idIsNew = false;
  /** The owner of a session that is not stored yet. */
  #firstOwner: Owner | undefined;
  #refusal: SessionError | undefined;
  #destroyed = false;
  #cookieDue: CookieDue;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.view = new FieldView(parts.backend.schemas);
    this.#identity = parts.identity;
    this.#stored = parts.stored;
    this.#loadedAt = parts.now();
  }

  get identity(): Identity {
    return this.#identity;
  }

  get pastKeys(): readonly string[] {
    return this.#past;
  }

  /** The stored session as this request last knew it; `undefined` if nothing is stored. */
  get stored(): StoredSession | undefined {
    return this.#stored;
  }

  /** By the Manager's clock, epoch ms. */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get cookieDue(): CookieDue {
    return this.#cookieDue;
  }

  /** The stored session, if it is a session and was not ended here. */
  get live(): StoredSession | undefined {
    return this.#destroyed || this.#stored?.retired !== undefined ? undefined : this.#stored;
  }

  get fields(): StoredSession["fields"] | undefined {
    return this.#destroyed ? undefined : this.#stored?.fields;
  }

  /** What is left to store. */
  look(): LeftToStore {
    return this.#lifetimeIsDue ? "something" : this.view.look();
  }

  get touchIsDue(): boolean {
    const { live } = this;
    return live !== undefined && isTouchDue(live, this.parts.now(), this.parts.idle);
  }

  /** Whether a change needs a cookie: the session is not stored yet, or the cookie holds it. */
  get needsCookie(): boolean {
    return this.#stored === undefined || this.parts.backend.inCookie;
  }

  /** Why no cookie is due. */
  get whyNoCookie(): "empty" | "retired" | "refused" | "unchanged" {
    if (this.#refusal !== undefined) return "refused";
    if (this.#stored === undefined) return "empty";
    return this.#stored.retired === undefined ? "unchanged" : "retired";
  }

  /** Whether the client may hold cookies of our name that cannot be ended and should be removed. */
  get hasTwins(): boolean {
    return this.parts.backend.inCookie && this.parts.rivals.length > 0;
  }

  /** What a cookie that is due holds. */
  get cookieValue(): string {
    const { backend } = this.parts;
    return this.#stored === undefined ? this.#identity.id : backend.cookieValue(this.#identity, this.#stored);
  }

  /**
   * The owner of a session that is not stored yet waits until the session holds something: an owner alone is not
   * stored.
   */
  setOwner(name: string | undefined): void {
    const owner = { name, hash: name === undefined ? undefined : this.parts.ownerKey(name) };
    if (this.#stored === undefined) this.#firstOwner = owner;
    else this.view.setOwner(owner);
  }

  /** The owner's name as this request sees it. */
  get owner(): string | undefined {
    if (this.#destroyed) return undefined;
    const pending = this.view.owner ?? this.#firstOwner;
    if (pending !== undefined) return pending.name;
    const sealed = this.live?.ownerName;
    return sealed === undefined ? undefined : openOwnerName(this.#identity.id, sealed);
  }

  /** Nothing from before belongs to the next new id: no owner, no lifetime, and of the fields those in `kept` alone. */
  beginAnew(kept: ReadonlySet<string>): void {
    this.assertChangeable();
    this.view.beginAnew(kept);
  }

  /**
   * Takes all changes so far for a commit, including those inside returned objects. `isKnown` as for {@link
   * FieldView.take}.
   */
  takeChanges(isKnown = false): Changes {
    const changes = this.view.take(isKnown);
    changes.lifetime = this.lifetime;
    changes.absolute = this.absolute;
    changes.unusedUntil = this.unusedUntil;
    changes.replacesLifetime = this.#lifetimeIsDue;
    if (this.#firstOwner !== undefined) changes.setOwner(this.#firstOwner);
    return changes;
  }

  /** Puts changes back for the next commit. If the session was destroyed meanwhile, nothing can be stored any more. */
  giveBack(changes: Changes): void {
    if (this.#destroyed) this.view.stored(changes);
    else this.view.failed(changes);
  }

  loaded(stored: StoredSession): void {
    this.#stored = stored;
    this.#loadedAt = this.parts.now();
  }

  committed(stored: StoredSession): void {
    // An owner set while the session was being stored is not stored yet.
    const owner = this.#firstOwner;
    this.#firstOwner = undefined;
    if (owner !== undefined && owner.hash !== stored.owner) this.view.setOwner(owner);
    if (this.#stored === undefined) this.#idIsNew = true;
    if (this.needsCookie) this.#cookieDue = "set";
    this.loaded(stored);
  }

  /** The session has a new id from now on; with `stored`, it is stored under it. */
  moved(identity: Identity, stored?: StoredSession): void {
    if (stored !== undefined) {
      this.#past.push(this.#identity.key);
      this.loaded(stored);
      this.#idIsNew = true;
      this.#cookieDue = "set";
    }
    this.#identity = identity;
  }

  touched(stored: StoredSession): void {
    if (stored !== this.#stored) this.loaded(stored);
    if (this.parts.backend.inCookie) this.#cookieDue = "set";
  }

  /** The save of a loaded session was refused: the session has ended or has another id. */
  refused(error: SessionError): void {
    if (this.#stored?.retired === undefined) this.#refusal = error;
  }

  ended(): void {
    const { binding, presented } = this.parts;
    this.#destroyed = true;
    this.view.discard();
    if (this.#stored === undefined && !presented) return;
    this.#cookieDue = "clear";
    if (binding?.headersSent) binding.cookieStays();
  }

  oweCookie(): void {
    this.#cookieDue ??= "set";
  }

  assertHeadersNotSent(what: string): void {
    if (!this.parts.binding?.headersSent) return;
    throw new SessionError("SESS_HEADERS_SENT", `${what} needs a cookie, and the response's headers have gone`);
  }

  assertOpen(): void {
    if (this.#destroyed) throw new SessionError("SESS_GONE", "this session was destroyed by this request");
  }

  assertChangeable(): void {
    this.assertOpen();
    if (this.needsCookie) this.assertHeadersNotSent("this change");
  }

  /** A session that was refused once no longer belongs to this request: it must not go on under a new id. */
  assertMovable(): void {
    this.assertOpen();
    if (this.#refusal !== undefined) throw this.#refusal;
    this.assertHeadersNotSent("a new id");
  }

  /** Whether the lifetime was set after this response's new id, but early enough for its cookie. */
  get #lifetimeIsDue(): boolean {
    if (!this.#idIsNew || this.lifetime === undefined || this.#destroyed) return false;
    // rule: a-lifetime-counts-until-the-cookie-goes
    return this.#stored?.lifetime !== this.lifetime && !this.parts.binding?.headersSent;
  }
}
