import { SessionError } from "../errors.js";
import type { TokenProvider } from "../provider.js";
import { compose } from "../store/compose.js";
import { type StoreContext, sessionAfter } from "../store/context.js";
import type { Changes, FieldUpdate } from "../store/fields.js";
import type { Identity, Keeper } from "../store/keeper.js";
import { type Known, open, seal } from "../store/known.js";
import type { Regenerated } from "../store/regenerate.js";

/**
 * Keeps nothing: a session is what its token says, and a change is a new token, which goes out with the response.
 * There is nobody to refuse, so of two responses the later one wins; and a token that was thrown away still opens.
 */
export class TokenKeeper implements Keeper {
  readonly inCookie = true;
  readonly #provider: TokenProvider;
  readonly #context: StoreContext;
  /** Characters of a token that a cookie has room for. */
  readonly #room: number;
  /** So that what was sealed to be measured is not sealed again to be sent. */
  readonly #sealed = new WeakMap<Known, string>();

  constructor(provider: TokenProvider, context: StoreContext, room: number) {
    this.#provider = provider;
    this.#context = context;
    this.#room = room;
  }

  /** The session in a token, and its id. */
  open(token: string): { readonly identity: Identity; readonly known: Known } | undefined {
    const record = this.#provider.open(token);
    // Ended by our clock, whatever the provider thinks of it.
    if (record === undefined || record.expiresAt <= this.#context.now()) return undefined;
    const known = open(record);
    return known && { identity: { id: record.version, key: "" }, known };
  }

  async load(): Promise<never> {
    throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: there is nothing newer to load");
  }

  async commit(
    identity: Identity,
    base: Known | undefined,
    changes: Changes,
    update?: FieldUpdate,
  ): Promise<Known | undefined> {
    const fields = new Map(base?.fields);
    compose(fields, changes, update);
    if (base === undefined && fields.size === 0) return undefined;
    const known = this.#next(identity, base, fields);
    this.#context.diagnostics.publish(base ? "saved" : "created", {});
    return known;
  }

  async regenerate(_: Identity, next: Identity, loaded: Known, changes: Changes): Promise<Regenerated> {
    const fields = new Map(loaded.fields);
    changes.applyTo(fields);
    const known = this.#next(next, loaded, fields);
    this.#context.diagnostics.publish("regenerated", {});
    return { known };
  }

  async destroy(): Promise<boolean> {
    this.#context.diagnostics.publish("destroyed", {});
    return true;
  }

  async touch(identity: Identity, known: Known): Promise<Known> {
    return this.#next(identity, known, known.fields);
  }

  cookieValue(identity: Identity, known: Known): string {
    return this.#sealed.get(known) ?? this.#seal(identity, known);
  }

  #next(identity: Identity, base: Known | undefined, fields: Known["fields"]): Known {
    const known: Known = { ...sessionAfter(this.#context, base, fields), applied: new Map() };
    this.#seal(identity, known);
    return known;
  }

  #seal(identity: Identity, known: Known): string {
    const token = this.#provider.seal({ ...seal(known), version: identity.id });
    if (token.length > this.#room) {
      throw new SessionError("SESS_TOO_LARGE", `the session needs ${token.length} bytes, a cookie has ${this.#room}`);
    }
    this.#sealed.set(known, token);
    return token;
  }
}
