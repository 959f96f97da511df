import { SessionError } from "../errors.js";
import type { TokenProvider } from "../provider.js";
import type { Changes, Draft, FieldUpdate } from "../record/changes.js";
import { encodeEnvelope } from "../record/envelope.js";
import { applyChanges, freshDraft, sessionAfter, toDraft } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import { decodeSession } from "../schema/decode-stored.js";
import type { FieldSchemas } from "../schema/field-schemas.js";
import type { StoreContext } from "./context.js";
import { Deadline } from "./deadline.js";
import type { Regenerated } from "./regenerate.js";
import type { Identity, LoadedSession, PresentedRival, SessionBackend } from "./session-backend.js";

/** The id of a session, and where that stands in this request. */
interface TokenIdentity extends Identity {
  /**
   * Of two concurrent changes, the second begins from the result of the first. Includes the token, so that a session
   * sealed to be measured is not sealed again to be sent. Not in a WeakMap, whose values survive every minor garbage
   * collection.
   */
  latest?: { readonly stored: StoredSession; readonly token: string };
}

/**
 * Stores nothing: a session is the content of its token, and a change makes a new token, which the response sends.
 * Nothing can refuse a write, so of two responses the later one wins, and a discarded token still opens.
 */
export class TokenBackend implements SessionBackend {
  readonly inCookie = true;
  readonly schemas: FieldSchemas | undefined;
  readonly #provider: TokenProvider;
  readonly #context: StoreContext;
  /** Maximum characters of a token in a cookie. */
  readonly #room: number;

  constructor(provider: TokenProvider, context: StoreContext, room: number) {
    this.#provider = provider;
    this.#context = context;
    this.#room = room;
    this.schemas = context.schemas;
  }

  /** The session in a token, and its id. */
  open(token: string): { readonly identity: Identity; readonly stored: StoredSession } | undefined {
    const record = this.#provider.open(token);
    // Checked by our clock too, whatever the provider decides.
    if (record === undefined || record.expiresAt <= this.#context.now()) return undefined;
    const stored = decodeSession(record, this.schemas);
    return stored && { identity: { id: record.version, key: "" }, stored };
  }

  deadline(): Deadline {
    return new Deadline(this.#context);
  }

  async load(): Promise<never> {
    throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: there is nothing newer to load");
  }

  async commit(
    identity: TokenIdentity,
    loaded: StoredSession | undefined,
    changes: Changes,
    update: FieldUpdate | undefined,
  ): Promise<StoredSession | undefined> {
    const base = identity.latest?.stored ?? loaded;
    const draft = toDraft(base);
    applyChanges(draft, changes, update, base === undefined);
    assertNobodys(draft);
    if (base === undefined && draft.fields.size === 0) return undefined;
    const stored = this.#next(identity, base, draft);
    this.#context.diagnostics.publish(base ? "saved" : "created", {});
    return stored;
  }

  async regenerate(old: Identity, next: Identity, loaded: StoredSession, changes: Changes): Promise<Regenerated> {
    const draft = freshDraft(loaded, changes, () => undefined);
    assertNobodys(draft);
    const stored = this.#next(next, { ...loaded, over: superseding(loaded, [old]) }, draft);
    this.#context.diagnostics.publish("regenerated", {});
    return { stored };
  }

  async destroy(_: string, loaded: StoredSession | undefined): Promise<boolean> {
    // An earlier id in this request was of the same session.
    if (loaded !== undefined) this.#context.diagnostics.publish("destroyed", {});
    return true;
  }

  async touch(identity: Identity, stored: StoredSession): Promise<StoredSession> {
    return this.#next(identity, stored, toDraft(stored));
  }

  /** A token cannot be ended. The newer token therefore lists the ids that it replaces. */
  async supersede(
    rivals: readonly PresentedRival[],
    identity: TokenIdentity,
    stored: StoredSession | undefined,
  ): Promise<StoredSession | undefined> {
    if (stored === undefined) return undefined;
    const over = superseding(
      stored,
      rivals.map((rival) => rival.identity),
    );
    return this.#next(identity, { ...stored, over }, toDraft(stored));
  }

  cookieValue(identity: TokenIdentity, stored: StoredSession): string {
    return identity.latest?.stored === stored ? identity.latest.token : this.#seal(identity, stored);
  }

  #next(identity: TokenIdentity, base: StoredSession | undefined, draft: Draft): StoredSession {
    const stored: StoredSession = { ...sessionAfter(this.#context, base, draft), recentWrites: [] };
    identity.latest = { stored, token: this.#seal(identity, stored) };
    return stored;
  }

  #seal(identity: Identity, stored: StoredSession): string {
    const token = this.#provider.seal({ ...encodeEnvelope(stored), version: identity.id });
    if (token.length > this.#room) {
      throw new SessionError("SESS_TOO_LARGE", `the session needs ${token.length} bytes, a cookie has ${this.#room}`);
    }
    return token;
  }
}

/** Also if nothing is stored yet: otherwise an owner that is only remembered would be dropped silently. */
function assertNobodys(draft: Draft): void {
  if (draft.owner === undefined) return;
  throw new SessionError("SESS_UNSUPPORTED", "the client keeps its session itself: nobody can list an owner's");
}

/** Number of replaced sessions that a token lists, the latest ones: each takes 19 bytes of the cookie. */
const mostSuperseded = 8;

/** Enough of an id to know it again: 96 random bits. */
function markOf({ id }: Identity): string {
  return id.slice(-16);
}

function superseding({ over = [] }: StoredSession, older: readonly Identity[]): readonly string[] {
  return [...over, ...older.map(markOf)].slice(-mostSuperseded);
}

/**
 * The sessions without those that another one has replaced, at a sign-in or by a new id. A cookie of another path or
 * domain may still hold the older token, which cannot be ended.
 */
export function withoutSuperseded(sessions: readonly LoadedSession[]): readonly LoadedSession[] {
  if (sessions.length < 2) return sessions;
  const over = new Set(sessions.flatMap(({ stored }) => stored.over ?? []));
  return over.size === 0 ? sessions : sessions.filter(({ identity }) => !over.has(markOf(identity)));
}
