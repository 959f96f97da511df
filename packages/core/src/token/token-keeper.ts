import { SessionError } from "../errors.js";
import type { TokenProvider } from "../provider.js";
import { compose, draftOf, freshDraft } from "../store/compose.js";
import { Deadline, type StoreContext, sessionAfter } from "../store/context.js";
import type { Changes, Draft, FieldUpdate } from "../store/fields.js";
import type { Identity, Keeper } from "../store/keeper.js";
import { type Known, open, seal } from "../store/known.js";
import type { Regenerated } from "../store/regenerate.js";

/** The id of a session, and where that stands in this request. */
interface Standing extends Identity {
  /**
   * Of two changes made at once, the second begins where the first ended. With its token, so that what was sealed to be
   * measured is not sealed again to be sent. Not in a WeakMap, whose values outlive every young collection.
   */
  latest?: { readonly known: Known; readonly token: string };
}

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

  deadline(): Deadline {
    return new Deadline(this.#context);
  }

  async load(): Promise<never> {
    throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: there is nothing newer to load");
  }

  async commit(
    identity: Standing,
    loaded: Known | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
  ): Promise<Known | undefined> {
    const base = identity.latest?.known ?? loaded;
    const draft = draftOf(base);
    compose(draft, changes, update, base === undefined);
    assertNobodys(draft);
    if (base === undefined && draft.fields.size === 0) return undefined;
    const known = this.#next(identity, base, draft);
    this.#context.diagnostics.publish(base ? "saved" : "created", {});
    return known;
  }

  async regenerate(_: Identity, next: Identity, loaded: Known, changes: Changes): Promise<Regenerated> {
    const draft = freshDraft(loaded, changes);
    assertNobodys(draft);
    const known = this.#next(next, loaded, draft);
    this.#context.diagnostics.publish("regenerated", {});
    return { known };
  }

  async destroy(_: string, loaded: Known | undefined): Promise<boolean> {
    // An id that the session had earlier in this request was the same session.
    if (loaded !== undefined) this.#context.diagnostics.publish("destroyed", {});
    return true;
  }

  async touch(identity: Identity, known: Known): Promise<Known> {
    return this.#next(identity, known, draftOf(known));
  }

  cookieValue(identity: Standing, known: Known): string {
    return identity.latest?.known === known ? identity.latest.token : this.#seal(identity, known);
  }

  #next(identity: Standing, base: Known | undefined, draft: Draft): Known {
    const known: Known = { ...sessionAfter(this.#context, base, draft), applied: [] };
    identity.latest = { known, token: this.#seal(identity, known) };
    return known;
  }

  #seal(identity: Identity, known: Known): string {
    const token = this.#provider.seal({ ...seal(known), version: identity.id });
    if (token.length > this.#room) {
      throw new SessionError("SESS_TOO_LARGE", `the session needs ${token.length} bytes, a cookie has ${this.#room}`);
    }
    return token;
  }
}

/** Also where nothing is stored yet: an owner that is only kept in mind would be dropped in silence. */
function assertNobodys(draft: Draft): void {
  if (draft.owner === undefined) return;
  throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: nobody can list an owner's");
}
