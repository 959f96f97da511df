import { encode } from "../codec/encode.js";
import { adviseSeconds } from "../config/unit-advice.js";
import { SessionError } from "../errors.js";
import { longestLifetime } from "../limits.js";
import { FieldFunction } from "./field-function.js";
import type { FieldView } from "./field-view.js";
import { ResponseSession } from "./response-session.js";
import { SessionOperations } from "./session-operations.js";
import type { SessionParts } from "./session-parts.js";
import { SessionState } from "./session-state.js";
import type { Field, SessionStore } from "./session-store.js";

/** The {@link SessionStore} of a request. {@link forResponse} has what the response and adapters need besides. */
export class Session<D extends object> implements SessionStore<D> {
  readonly #state: SessionState;
  readonly #view: FieldView;
  readonly #operations: SessionOperations;
  readonly #forResponse: ResponseSession;

  static {
    // With the option `getters`, `util.inspect` calls the getters of an object, unless its constructor is built in.
    // With `customInspect: false`, it does not call the method below.
    Object.defineProperty(Session.prototype, "constructor", { value: Object, configurable: true, writable: true });
  }

  constructor(parts: SessionParts) {
    this.#state = new SessionState(parts);
    this.#view = this.#state.view;
    this.#operations = new SessionOperations(this.#state);
    this.#forResponse = new ResponseSession(this.#state, this.#operations);
  }

  get id(): string {
    return this.#state.identity.id;
  }

  get forResponse(): ResponseSession {
    return this.#forResponse;
  }

  /** Shows neither id nor fields. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Session {}";
  }

  get<F extends Field<D>>(field: F): D[F] | undefined {
    assertName(field);
    const value = this.#view.get(field, this.#state.fields) as D[F] | undefined;
    // The caller may change the object.
    if (typeof value === "object") this.#operations.storeIfLate();
    return value;
  }

  set<F extends Field<D>>(field: F, value: D[F] | undefined): void {
    if (value === undefined) {
      this.delete(field);
      return;
    }
    assertName(field);
    const text = encode(value);
    this.#state.assertChangeable();
    this.#view.set(field, value, text);
    this.#operations.storeIfLate();
  }

  has(field: Field<D>): boolean {
    assertName(field);
    return this.#view.has(field, this.#state.fields);
  }

  keys(): string[] {
    return this.#view.names(this.#state.fields);
  }

  delete(field: Field<D>): void {
    assertName(field);
    this.#state.assertChangeable();
    this.#view.delete(field);
    this.#operations.storeIfLate();
  }

  get owner(): string | undefined {
    return this.#state.owner;
  }

  set owner(owner: string | undefined) {
    if (owner !== undefined && (typeof owner !== "string" || owner === "")) {
      throw new SessionError("SESS_VALUE", "an owner must be a string that is not empty");
    }
    this.#state.assertChangeable();
    this.#state.setOwner(owner);
    this.#operations.storeIfLate();
  }

  get isNew(): boolean {
    const { stored } = this.#state;
    return stored === undefined || stored.retired !== undefined;
  }

  get created(): Date | undefined {
    const { live } = this.#state;
    return live && new Date(live.created);
  }

  get expiresAt(): Date | undefined {
    const { live } = this.#state;
    return live && new Date(live.expiresAt);
  }

  get lifetime(): number {
    const { lifetime, live, parts } = this.#state;
    return (lifetime ?? live?.lifetime ?? parts.idle) / 1000;
  }

  set lifetime(seconds: number) {
    this.#state.lifetime = millisecondsOf("session.lifetime", seconds);
  }

  set absoluteLifetime(seconds: number) {
    this.#state.absolute = millisecondsOf("session.absoluteLifetime", seconds);
  }

  flush(): void {
    this.#state.assertChangeable();
    this.#view.flush();
    this.#operations.storeIfLate();
  }

  async update<F extends Field<D>>(
    field: F,
    fn: (value: D[F] | undefined) => D[F] | undefined,
  ): Promise<D[F] | undefined> {
    assertName(field);
    this.#state.assertChangeable();
    const update = new FieldFunction<D[F]>(field, fn, this.update, this.#state.parts.backend.schemas);
    await this.#operations.commit(update as FieldFunction<unknown>, this.#operations.deadline());
    return update.value;
  }

  async take<F extends Field<D>>(field: F): Promise<D[F] | undefined> {
    // If this request sees no such field, there is nothing to take; most pages have nothing to show.
    if (!this.has(field)) return undefined;
    let taken: D[F] | undefined;
    await this.update(field, (value) => {
      taken = value;
      return undefined;
    });
    return taken;
  }

  regenerate(): Promise<void> {
    return this.#operations.regenerate();
  }

  destroy(): Promise<void> {
    return this.#operations.destroy();
  }

  reload(): Promise<boolean> {
    return this.#operations.reload();
  }

  async touch(): Promise<void> {
    const { touchIsDue, parts } = this.#state;
    if (touchIsDue && parts.backend.inCookie) this.#state.assertHeadersNotSent("a longer life");
    await this.#operations.prolong(this.#operations.deadline());
  }

  release(): Promise<void> {
    return this.#operations.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { binding, backend } = this.#state.parts;
    if (binding === undefined) return this.release();
    const deadline = this.#operations.deadline();
    await this.#operations.settled(deadline).catch(() => {});
    // In a cookie, prolonging needs a new cookie, which the response sends.
    if (!backend.inCookie) await this.#operations.prolong(deadline);
  }
}

function millisecondsOf(what: string, seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestLifetime) {
    throw new SessionError("SESS_VALUE", `${what} must be a whole number of seconds from 1 to ${longestLifetime}`);
  }
  adviseSeconds(what, seconds);
  return seconds * 1000;
}

function assertName(field: unknown): void {
  if (typeof field !== "string") throw new SessionError("SESS_VALUE", "a field's name must be a string");
}
