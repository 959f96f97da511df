import { SessionError } from "../errors.js";
import type { TokenProvider } from "../provider.js";
import { compose, draftOf, freshDraft } from "../store/compose.js";
import { type StoreContext, sessionAfter } from "../store/context.js";
import type { Changes, Draft, FieldUpdate } from "../store/fields.js";
import type { Found, Identity, Keeper } from "../store/keeper.js";
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

  async load(): Promise<never> {
    throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: there is nothing newer to load");
  }

  async commit(
    identity: Standing,
    loaded: Known | undefined,
    changes: Changes,
    update?: FieldUpdate,
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

  async regenerate(old: Identity, next: Identity, loaded: Known, changes: Changes): Promise<Regenerated> {
    const draft = freshDraft(loaded, changes);
    assertNobodys(draft);
    const known = this.#next(next, { ...loaded, over: superseding(loaded, [old]) }, draft);
    this.#context.diagnostics.publish("regenerated", {});
    return { known };
  }

  async destroy(_: string, loaded?: Known): Promise<boolean> {
    // An id that the session had earlier in this request was the same session.
    if (loaded !== undefined) this.#context.diagnostics.publish("destroyed", {});
    return true;
  }

  async touch(identity: Identity, known: Known): Promise<Known> {
    return this.#next(identity, known, draftOf(known));
  }

  /** Nobody can end a token. The newer one says which it was put in the place of. */
  async supersede(rivals: readonly Found[], identity: Standing, known: Known | undefined): Promise<Known | undefined> {
    if (known === undefined) return undefined;
    const over = superseding(
      known,
      rivals.map((rival) => rival.identity),
    );
    return this.#next(identity, { ...known, over }, draftOf(known));
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

/** How many sessions a token names that it was put in the place of, the latest ones: each takes 19 bytes of the cookie. */
const mostSuperseded = 8;

/** Enough of an id to know it again: 96 random bits. */
function markOf({ id }: Identity): string {
  return id.slice(-16);
}

function superseding({ over = [] }: Known, older: readonly Identity[]): readonly string[] {
  return [...over, ...older.map(markOf)].slice(-mostSuperseded);
}

/**
 * The sessions without those in whose place another was put, at a sign-in that was presented with it or by a new id: a
 * cookie of another path or domain may still hold the older token, and nobody can end it.
 */
export function withoutSuperseded(sessions: readonly Found[]): readonly Found[] {
  const over = new Set(sessions.flatMap(({ known }) => known.over ?? []));
  return over.size === 0 ? sessions : sessions.filter(({ identity }) => !over.has(markOf(identity)));
}
