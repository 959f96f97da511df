import { type Deadline, limits } from "../backend/context.js";
import { tooLate } from "../backend/key-queue.js";
import { expiryOfUse, isTouchDue } from "../backend/prolong.js";
import type { Identity, PresentedRival, SessionBackend } from "../backend/session-backend.js";
import { encode } from "../codec/encode.js";
import { longestLifetime } from "../config/checks.js";
import { adviseSeconds } from "../config/unit-advice.js";
import { isRefusal, SessionError } from "../errors.js";
import type { Changes, FieldUpdate } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import { FieldFunction } from "./field-function.js";
import { FieldView, type LeftToStore } from "./field-view.js";
import { LateStore } from "./late-store.js";
import { OperationQueue } from "./operation-queue.js";
import type { Field, SessionStore } from "./session-store.js";

/** What a session needs of the response it belongs to. */
export interface Binding {
  /** Whether it is too late for a cookie. */
  readonly headersSent: boolean;
  /** Whether it has ended: it stores nothing any more, and reports no failure. */
  readonly ended: boolean;
  /** From now on it is too late for a cookie. */
  noMoreCookies(): void;
  /** The session was destroyed. To be called where it is too late for a cookie: the client's stays. */
  cookieStays(): void;
}

/** What an adapter has done around the storing of a session for its response. */
export interface AdapterHooks {
  /** Before anything is stored, at the head and again at the end. A rejection is the response's, as one by the store. */
  beforeStoring(): Promise<void>;
  /** When it is stored: whether the cookie must go out although the client should have it. */
  owesCookie(): Promise<boolean>;
}

/** What the response owes the client: the cookie of the present id, its deletion, or nothing. */
export type CookieDue = "set" | "clear" | undefined;

export interface SessionParts {
  readonly backend: SessionBackend;
  readonly now: () => number;
  /** Idle lifetime, ms. */
  readonly idle: number;
  readonly newIdentity: () => Identity;
  readonly identity: Identity;
  /** A session, a marker that names a successor, or `undefined` when nothing is stored. */
  readonly stored: StoredSession | undefined;
  readonly ownerKey: (owner: string) => string;
  /** Whether the client presented a cookie of our name. */
  readonly presented: boolean;
  /** The live sessions that the client presented beside each other: none of them is this one. */
  readonly rivals: readonly PresentedRival[];
  /** Absent on a session that belongs to no response. */
  readonly binding?: Binding | undefined;
}

/** {@link SessionStore} with what the Manager and the HTTP edges need besides. */
export class Session<D extends object> implements SessionStore<D> {
  readonly #parts: SessionParts;
  #identity: Identity;
  /** Keys this session had earlier in this request, oldest first. */
  readonly #past: string[] = [];
  #stored: StoredSession | undefined;
  #rivals: readonly PresentedRival[];
  #loadedAt: number;
  readonly #view = new FieldView();
  readonly #operations = new OperationQueue();
  /** Kept for this request: it takes effect at creation or with a new id, or while that is on its way to the client. */
  #lifetime: number | undefined;
  /** Kept likewise: it takes effect at creation or with a new id. */
  #absolute: number | undefined;
  /** Whether this request created the session, or gave it the id that it has. */
  #idIsNew = false;
  /** What a save was refused with, on a session that had been loaded as one: gone, or under another id. */
  #refusal: SessionError | undefined;
  /** The owner of a session that is not stored yet. */
  #firstOwner: { readonly hash: string | undefined } | undefined;
  #destroyed = false;
  #cookie: CookieDue;
  #late: LateStore | undefined;
  /** An adapter's, where it has some. */
  hooks: AdapterHooks | undefined;

  static {
    // `util.inspect` calls the getters of whoever made an object, told to (`getters`), unless that is a built-in; with
    // `customInspect: false` it does not ask the method below.
    Object.defineProperty(Session.prototype, "constructor", { value: Object, configurable: true, writable: true });
  }

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#identity = parts.identity;
    this.#stored = parts.stored;
    this.#rivals = parts.rivals;
    this.#loadedAt = parts.now();
  }

  get id(): string {
    return this.#identity.id;
  }

  /** Nothing of a session is shown: neither id nor fields. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Session {}";
  }

  get<F extends Field<D>>(field: F): D[F] | undefined {
    assertName(field);
    const value = this.#view.get(field, this.#fields) as D[F] | undefined;
    // It may be about to be changed.
    if (typeof value === "object") this.#storeIfLate();
    return value;
  }

  set<F extends Field<D>>(field: F, value: D[F] | undefined): void {
    if (value === undefined) {
      this.delete(field);
      return;
    }
    assertName(field);
    const text = encode(value);
    this.#assertChangeable();
    this.#view.set(field, value, text);
    this.#storeIfLate();
  }

  has(field: Field<D>): boolean {
    assertName(field);
    return this.#view.has(field, this.#fields);
  }

  keys(): string[] {
    return this.#view.names(this.#fields);
  }

  delete(field: Field<D>): void {
    assertName(field);
    this.#assertChangeable();
    this.#view.delete(field);
    this.#storeIfLate();
  }

  set owner(owner: string | undefined) {
    if (owner !== undefined && (typeof owner !== "string" || owner === "")) {
      throw new SessionError("SESS_VALUE", "an owner must be a string that is not empty");
    }
    this.#assertChangeable();
    const hash = owner === undefined ? undefined : this.#parts.ownerKey(owner);
    // By itself it is nothing to store; it waits until the session holds something.
    if (this.#stored === undefined) this.#firstOwner = { hash };
    else this.#view.setOwner(hash);
    this.#storeIfLate();
  }

  get isNew(): boolean {
    return this.#stored === undefined || this.#stored.retired !== undefined;
  }

  get created(): Date | undefined {
    const live = this.#live;
    return live && new Date(live.created);
  }

  get expiresAt(): Date | undefined {
    const live = this.#live;
    return live && new Date(live.expiresAt);
  }

  get lifetime(): number {
    return (this.#lifetime ?? this.#live?.lifetime ?? this.#parts.idle) / 1000;
  }

  set lifetime(seconds: number) {
    this.#lifetime = millisecondsOf("session.lifetime", seconds);
  }

  set absoluteLifetime(seconds: number) {
    this.#absolute = millisecondsOf("session.absoluteLifetime", seconds);
  }

  flush(): void {
    this.#assertChangeable();
    this.#view.flush();
    this.#storeIfLate();
  }

  /** Of what the next new id stands for, nothing comes from before: no field, owner or lifetime. For an adapter. */
  beginAnew(): void {
    this.#assertChangeable();
    this.#view.beginAnew();
  }

  /** Takes back what this request said of the lifetime. For an adapter. */
  forgetLifetime(): void {
    this.#lifetime = undefined;
  }

  async update<F extends Field<D>>(
    field: F,
    fn: (value: D[F] | undefined) => D[F] | undefined,
  ): Promise<D[F] | undefined> {
    assertName(field);
    this.#assertChangeable();
    const update = new FieldFunction<D[F]>(field, fn, this.update);
    await this.#commit(update as FieldFunction<unknown>, this.#parts.backend.deadline());
    return update.value;
  }

  async take<F extends Field<D>>(field: F): Promise<D[F] | undefined> {
    // Who never saw it has nothing to take, and most pages have nothing to show.
    if (!this.has(field)) return undefined;
    let taken: D[F] | undefined;
    await this.update(field, (value) => {
      taken = value;
      return undefined;
    });
    return taken;
  }

  async regenerate(): Promise<void> {
    const deadline = this.#parts.backend.deadline();
    // Now and not when its turn comes: what is changed later than that comes after what waits behind it.
    const taken = this.#takeChanges();
    await this.#operations.runExclusive(async () => {
      const changes = this.#view.retake(taken);
      let areStored = false;
      try {
        areStored = await this.#regenerate(changes, deadline);
      } finally {
        if (areStored) this.#view.stored(changes);
        else this.#giveBack(changes);
      }
    });
  }

  destroy(): Promise<void> {
    const deadline = this.#parts.backend.deadline();
    return this.#operations.runExclusive(async () => {
      if (this.#destroyed) return;
      const { binding, backend, presented } = this.#parts;
      const stored = this.#stored !== undefined;
      // Where the cookie is all there is of the session, it cannot be ended without it.
      // rule: destroy-ends-what-is-stored
      if (backend.inCookie && (stored || presented)) this.#assertHeadersNotSent("the cookie's deletion");
      if (stored) await this.#destroyStored(deadline);
      await this.#supersede(deadline);
      this.#destroyed = true;
      this.discard();
      if (!stored && !presented) return;
      this.#cookie = "clear";
      if (binding?.headersSent) binding.cookieStays();
    });
  }

  reload(): Promise<boolean> {
    const deadline = this.#parts.backend.deadline();
    return this.#operations.runExclusive(async () => {
      if (this.#destroyed) return false;
      if (this.#stored === undefined) return true;
      this.#view.findMutations();
      const stored = await this.#parts.backend.load(this.#identity.key, deadline);
      if (stored === undefined || stored.retired !== undefined) return false;
      this.#loaded(stored);
      this.#view.forgetObjects();
      return true;
    });
  }

  async touch(): Promise<void> {
    if (this.#touchIsDue && this.#parts.backend.inCookie) this.#assertHeadersNotSent("a longer life");
    await this.#prolong(this.#parts.backend.deadline());
  }

  async release(): Promise<void> {
    const deadline = this.#parts.backend.deadline();
    await this.#storeNow(deadline);
    // In a cookie it is prolonged by a new one.
    if (!this.#parts.backend.inCookie || !this.#parts.binding?.headersSent) await this.#prolong(deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#parts.binding === undefined) return this.release();
    const deadline = this.#parts.backend.deadline();
    await this.#settled(deadline).catch(() => {});
    // In a cookie it is prolonged by a new one, which is the response's to send.
    if (!this.#parts.backend.inCookie) await this.#prolong(deadline);
  }

  /** `isKnown`: what is left to store was looked for in this very step. */
  async #storeNow(deadline: Deadline, isKnown = false): Promise<void> {
    // Awaited also where nothing is under way: what is changed in the turn in which this is called belongs to it.
    if (!isKnown) await (this.#occupied ? this.#settled(deadline) : undefined);
    await this.#commit(undefined, deadline, isKnown);
  }

  /**
   * Commits for the response, or prolongs the session if nothing changed and it is time to. Answers at once, and
   * nothing waits, where there is nothing to store.
   */
  commitForResponse(): void | Promise<void> {
    return this.hooks === undefined ? this.#commitForResponse() : this.#commitWith(this.hooks);
  }

  #commitForResponse(): void | Promise<void> {
    const left = this.#occupied ? "something" : this.#left;
    return left === "nothing" && !this.#touchIsDue ? undefined : this.#commitAndTouch(left);
  }

  /** Commits what was changed since the response began. */
  releaseForEnd(): void | Promise<void> {
    if (this.hooks !== undefined) return this.hooks.beforeStoring().then(() => this.release());
    return !this.#occupied && this.#left === "nothing" ? undefined : this.release();
  }

  /** Settles when the operations under way have ended, stored or failed; `undefined` when idle. */
  get running(): Promise<void> | undefined {
    return this.#operations.running;
  }

  /** Whether its response has ended, so that a failure nobody waits for can only be reported. */
  get responseEnded(): boolean {
    return this.#parts.binding?.ended ?? false;
  }

  /** Waits for what was asked for, then forgets changes not stored: the response says that the request failed. */
  discardForResponse(): void | Promise<void> {
    if (this.#occupied) {
      // Where that takes too long nothing is lost: what has not been stored by now is to be forgotten.
      const discard = () => this.discard();
      return this.#settled(this.#parts.backend.deadline()).then(discard, discard);
    }
    this.discard();
    return undefined;
  }

  discard(): void {
    this.#view.discard();
  }

  /** What is stored, as this request heard of it last; `undefined` when nothing is. */
  get stored(): StoredSession | undefined {
    return this.#stored;
  }

  get cookieDue(): CookieDue {
    return this.#cookie;
  }

  /** Why no cookie is due. */
  get whyNoCookie(): "empty" | "retired" | "refused" | "unchanged" {
    if (this.#refusal !== undefined) return "refused";
    if (this.#stored === undefined) return "empty";
    return this.#stored.retired === undefined ? "unchanged" : "retired";
  }

  /** Whether the client holds cookies of our name that cannot be ended, and should be rid of them. */
  get hasTwins(): boolean {
    return this.#parts.backend.inCookie && this.#parts.rivals.length > 0;
  }

  /** What a cookie that is due holds. */
  get cookieValue(): string {
    return this.#stored === undefined ? this.id : this.#parts.backend.cookieValue(this.#identity, this.#stored);
  }

  /** The keys of this session in this request, the present one last. */
  get storageKeys(): readonly string[] {
    return [...this.#past, this.#identity.key];
  }

  /** What is stored, where that is a session and not yet ended here. */
  get #live(): StoredSession | undefined {
    return this.#destroyed || this.#stored?.retired !== undefined ? undefined : this.#stored;
  }

  get #fields(): StoredSession["fields"] | undefined {
    return this.#destroyed ? undefined : this.#stored?.fields;
  }

  /** What is left to store. */
  get #left(): LeftToStore {
    return this.#lifetimeIsDue ? "something" : this.#view.look();
  }

  /** Whether the lifetime came later than the id that this response brings, and still goes with it. */
  get #lifetimeIsDue(): boolean {
    if (!this.#idIsNew || this.#lifetime === undefined || this.#destroyed) return false;
    // rule: a-lifetime-counts-until-the-cookie-goes
    return this.#stored?.lifetime !== this.#lifetime && !this.#parts.binding?.headersSent;
  }

  /** Whether something is under way or waits to be. */
  get #occupied(): boolean {
    return this.#view.busy || this.#operations.occupied;
  }

  get #touchIsDue(): boolean {
    const stored = this.#stored;
    if (stored === undefined || stored.retired !== undefined || this.#destroyed) return false;
    return isTouchDue(stored, this.#parts.now(), this.#parts.idle);
  }

  async #commitWith(hooks: AdapterHooks): Promise<void> {
    await hooks.beforeStoring();
    const stored = this.#commitForResponse();
    if (stored === undefined) this.#parts.binding?.noMoreCookies();
    else await stored;
    if (await hooks.owesCookie()) this.#cookie ??= "set";
  }

  async #commitAndTouch(left: LeftToStore): Promise<void> {
    const deadline = this.#parts.backend.deadline();
    // What is changed meanwhile is stored as well, but the head waits for that once only: the rest is stored with the
    // end, or by itself. What needs a cookie has to go with the head, and is stored without another access to the store.
    // rule: a-head-waits-for-two-rounds
    for (let round = 0; left !== "nothing" && (round < 2 || this.#needsCookie); round++) {
      await this.#storeNow(deadline, left === "all that there is" && !this.#occupied);
      left = this.#left;
    }
    this.#parts.binding?.noMoreCookies();
    // rule: nothing-is-lost-before-the-head
    if (left !== "nothing") this.#storeIfLate();
    await this.#prolong(deadline);
  }

  /** In its turn: a token that is sealed again must hold what is being sealed into it. */
  async #prolong(deadline: Deadline): Promise<void> {
    if (this.#touchIsDue) await this.#operations.runExclusive(() => this.#touch(deadline));
  }

  async #touch(deadline: Deadline): Promise<void> {
    const stored = this.#stored;
    if (stored === undefined || !this.#touchIsDue) return;
    const { backend, now, idle } = this.#parts;
    const touched = await backend.touch(this.#identity, stored, expiryOfUse(stored, now(), idle), deadline);
    if (touched !== stored) this.#loaded(touched);
    if (backend.inCookie) this.#cookie = "set";
  }

  /** Resolves to whether the changes are stored: under a new id of a session that is not, there is nothing to store yet. */
  async #regenerate(changes: Changes, deadline: Deadline): Promise<boolean> {
    this.#assertOpen();
    // Refused once, the session is not this request's any more: it must not be carried on under a new id.
    if (this.#refusal !== undefined) throw this.#refusal;
    this.#assertHeadersNotSent("a new id");
    const identity = this.#parts.newIdentity();
    if (this.#stored === undefined) {
      this.#identity = identity;
      return false;
    }
    const result = await this.#parts.backend.regenerate(this.#identity, identity, this.#stored, changes, deadline);
    this.#past.push(this.#identity.key);
    this.#identity = identity;
    this.#loaded(result.stored);
    this.#idIsNew = true;
    this.#cookie = "set";
    if (result.failure !== undefined) throw result.failure;
    return true;
  }

  #loaded(stored: StoredSession): void {
    this.#stored = stored;
    this.#loadedAt = this.#parts.now();
  }

  #commit(update: FieldFunction<unknown> | undefined, deadline: Deadline, isKnown = false): Promise<void> {
    const stored = this.#commitChanges(update, deadline, isKnown);
    return this.#rivals.length === 0 ? stored : stored.then(() => this.#endRivals(deadline));
  }

  /** Once this session is stored: before that, a failure would leave the client without any. */
  async #endRivals(deadline: Deadline): Promise<void> {
    if (this.#stored !== undefined) await this.#operations.runExclusive(() => this.#supersede(deadline));
  }

  /** The sessions that were presented beside each other must not make this one nobody's as well, nor outlive its end. */
  async #supersede(deadline: Deadline): Promise<void> {
    if (this.#rivals.length === 0) return;
    const stored = await this.#parts.backend.supersede(this.#rivals, this.#identity, this.#stored, deadline);
    this.#rivals = [];
    if (stored !== undefined && stored !== this.#stored) this.#loaded(stored);
  }

  async #commitChanges(
    update: FieldFunction<unknown> | undefined,
    deadline: Deadline,
    isKnown: boolean,
  ): Promise<void> {
    // One commit that holds changes at a time: were two to fail, or the earlier one alone, what is put back could not
    // be told from what is newer. Updates that bring no changes run side by side, and share a batch.
    const taken = this.#takeChanges(isKnown);
    const turn = this.#operations.turn();
    if (turn !== undefined) await turn;
    const changes = this.#view.retake(taken);
    if (changes.empty && update === undefined) {
      this.#view.stored(changes);
      this.#operations.skip();
      return;
    }
    const stored = this.#operations.runShared(this.#store(changes, update, deadline), !changes.empty);
    try {
      await stored;
      this.#view.stored(changes, update);
    } catch (error) {
      this.#giveBack(changes);
      if (isRefusal(error) && this.#stored?.retired === undefined) this.#refusal = error;
      throw error;
    } finally {
      this.#operations.ended(stored);
    }
  }

  async #store(changes: Changes, update: FieldUpdate | undefined, deadline: Deadline): Promise<void> {
    this.#assertOpen();
    const stored = this.#stored;
    if (this.#needsCookie) this.#assertHeadersNotSent("this change");
    const result = await this.#parts.backend.commit(this.#identity, stored, changes, update, deadline);
    if (result === undefined) return;
    // One that was set while the session was being stored is not in it.
    const owner = this.#firstOwner;
    this.#firstOwner = undefined;
    if (owner !== undefined && owner.hash !== result.owner) this.#view.setOwner(owner.hash);
    if (this.#stored === undefined) this.#idIsNew = true;
    if (this.#needsCookie) this.#cookie = "set";
    this.#loaded(result);
  }

  /** For the next commit; to a session that was destroyed meanwhile nothing can be stored any more. */
  #giveBack(changes: Changes): void {
    if (this.#destroyed) this.#view.stored(changes);
    else this.#view.failed(changes);
  }

  /** Everything changed so far, mutations in place included. */
  #takeChanges(isKnown = false): Changes {
    const changes = this.#view.take(isKnown);
    changes.lifetime = this.#lifetime;
    changes.absolute = this.#absolute;
    changes.replacesLifetime = this.#lifetimeIsDue;
    if (this.#firstOwner !== undefined) changes.setOwner(this.#firstOwner.hash);
    return changes;
  }

  async #destroyStored(deadline: Deadline): Promise<void> {
    const { backend, now } = this.#parts;
    // rule: destroy-takes-earlier-ids
    for (const key of this.#past) await backend.destroy(key, undefined, deadline);
    const found = await backend.destroy(this.#identity.key, this.#stored, deadline);
    // Nothing is there, and a marker would be gone by now, or there was one and it is gone: the session may live on
    // under an id that nobody here knows.
    // rule: a-lost-chain-is-told
    const chainLost = this.#stored?.retired !== undefined || now() - this.#loadedAt >= limits.marker;
    if (!found && chainLost) {
      throw new SessionError("SESS_GONE", "this session was loaded too long ago to be destroyed: reload() first");
    }
  }

  /** Waits until nothing is under way. Whoever always asks for more before that can keep it from being so. */
  #settled(deadline: Deadline): Promise<void> {
    // rule: settling-is-bounded
    return deadline
      .bound(() => this.#operations.settled(() => this.#view.busy))
      .catch(() => {
        throw tooLate();
      });
  }

  #storeIfLate(): void {
    if (!this.responseEnded) return;
    this.#late ??= new LateStore(
      () => this.#view.untaken,
      () => this.release(),
    );
    this.#late.plan();
  }

  #assertHeadersNotSent(what: string): void {
    if (!this.#parts.binding?.headersSent) return;
    throw new SessionError("SESS_HEADERS_SENT", `${what} needs a cookie, and the response's headers have gone`);
  }

  #assertOpen(): void {
    if (this.#destroyed) throw new SessionError("SESS_GONE", "this session was destroyed by this request");
  }

  #assertChangeable(): void {
    this.#assertOpen();
    if (this.#needsCookie) this.#assertHeadersNotSent("this change");
  }

  /** Whether a change must be followed by a cookie: on a session not stored yet, or one that the cookie holds. */
  get #needsCookie(): boolean {
    return this.#stored === undefined || this.#parts.backend.inCookie;
  }
}

function millisecondsOf(what: string, seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestLifetime) {
    throw new SessionError("SESS_VALUE", `a lifetime must be a whole number of seconds from 1 to ${longestLifetime}`);
  }
  adviseSeconds(what, seconds);
  return seconds * 1000;
}

function assertName(field: unknown): void {
  if (typeof field !== "string") throw new SessionError("SESS_VALUE", "a field's name must be a string");
}
