import { sealOwnerName } from "./owner-name.js";

/** A session's fields: name to encoded value, in order of first writing. */
export type Fields = ReadonlyMap<string, string>;

/** A session as it is about to be written. */
export interface Draft {
  readonly fields: Map<string, string>;
  /** Hash of the owner. */
  owner: string | undefined;
  /** The owner's name, sealed for the id that the record is to have. */
  ownerName: string | undefined;
  /** Idle lifetime of this session alone, ms. */
  lifetime: number | undefined;
  /** An absolute lifetime from now on, ms; absent is the end that the session has. */
  absolute?: number;
  /** When the record expires at the latest, epoch ms, if nobody uses it. */
  unusedUntil?: number;
}

/** The owner as an application set it; without a hash and a name, there is to be none. */
export interface Owner {
  readonly hash: string | undefined;
  readonly name: string | undefined;
}

/** Computes a field's next encoded value from the current one; `undefined` is "no such field". May run again. */
export interface FieldUpdate {
  readonly name: string;
  run(text: string | undefined): string | undefined;
}

const none: ReadonlySet<string> = new Set();

/**
 * The changes one request made and has not committed, in normal form: whether everything was flushed first, then the
 * last write of each field. Replaying them on a newer record touches those fields and no others: this is where
 * concurrent requests are merged, and the only place.
 */
export class Changes {
  #flushed = false;
  /** Fields that a flush leaves. */
  #kept: ReadonlySet<string> = none;
  #beginsAnew = false;
  /** Made when there is something to put in: most requests change nothing. */
  #writes: Map<string, string | undefined> | undefined;
  #owner: Owner | undefined;
  /** The owner's name, sealed for the id under which these changes are being stored. */
  #sealedName: string | undefined;
  /** A lifetime for this session alone, ms. Takes effect where a cookie is sent: at creation, or with a new id. */
  lifetime: number | undefined;
  /** An absolute lifetime for this session alone, ms, counted from when it takes effect: together with {@link lifetime}. */
  absolute: number | undefined;
  /** When the session expires at the latest, epoch ms, if nobody uses it. Takes effect at creation. */
  unusedUntil: number | undefined;
  /** Whether the lifetime is to replace that of a session which is stored, because its cookie is still to be sent. */
  replacesLifetime = false;

  /** Whether there is nothing to store. A lifetime alone is not stored, unless it replaces another one. */
  get empty(): boolean {
    return !this.#flushed && !this.#writes?.size && this.#owner === undefined && !this.replacesLifetime;
  }

  /** `undefined` if it is not changed. */
  get owner(): Owner | undefined {
    return this.#owner;
  }

  setOwner(owner: Owner): void {
    this.#owner = owner;
  }

  /** To be called before these changes are stored under an id, whenever they are. */
  sealFor(id: string): void {
    if (this.#owner === undefined) return;
    const { name } = this.#owner;
    this.#sealedName = name === undefined ? undefined : sealOwnerName(id, name);
  }

  /** `undefined` deletes. */
  write(name: string, text: string | undefined): void {
    this.#writes ??= new Map();
    this.#writes.set(name, text);
  }

  /** Deletes every field present at commit, seen or not; what is written afterwards replays after it. Owner and lifetime stay. */
  flush(kept = none): void {
    this.#kept = this.#flushed ? new Set([...kept].filter((name) => this.#kept.has(name))) : kept;
    this.#flushed = true;
    for (const name of this.#writes?.keys() ?? []) if (!kept.has(name)) this.#writes?.delete(name);
  }

  /** {@link flush}, and under a new id owner and lifetime go as well. The fields that are kept stay as they are stored. */
  beginAnew(kept = none): void {
    this.flush(kept);
    this.#beginsAnew = true;
    this.#owner = undefined;
  }

  /** Whether the field was written or flushed. */
  covers(name: string): boolean {
    return this.#flushes(name) || this.#writes?.has(name) === true;
  }

  #flushes(name: string): boolean {
    return this.#flushed && !this.#kept.has(name);
  }

  /** A field as it would be with these changes made on `base`. */
  read(name: string, base: Fields | undefined): string | undefined {
    if (this.#writes?.has(name)) return this.#writes.get(name);
    return this.#flushes(name) ? undefined : base?.get(name);
  }

  /** Makes the changes on a draft, in place. `fresh`: its record is a session's first. */
  applyTo(draft: Draft, fresh: boolean): void {
    if (this.#flushed) for (const name of draft.fields.keys()) if (this.#flushes(name)) draft.fields.delete(name);
    if (this.#beginsAnew && fresh) {
      draft.owner = undefined;
      draft.ownerName = undefined;
      draft.lifetime = undefined;
    }
    for (const [name, text] of this.#writes ?? []) {
      if (text === undefined) draft.fields.delete(name);
      else draft.fields.set(name, text);
    }
    if (this.#owner !== undefined) {
      draft.owner = this.#owner.hash;
      draft.ownerName = this.#sealedName;
    }
    const takes = fresh || this.replacesLifetime;
    if (takes && this.lifetime !== undefined) draft.lifetime = this.lifetime;
    if (fresh && this.absolute !== undefined) draft.absolute = this.absolute;
    if (fresh && this.unusedUntil !== undefined) draft.unusedUntil = this.unusedUntil;
  }

  /** These changes followed by `newer`: how a failed commit goes back under what was changed meanwhile. */
  followedBy(newer: Changes): Changes {
    const both = new Changes();
    for (const part of [this, newer]) {
      if (part.#beginsAnew) both.beginAnew(part.#kept);
      else if (part.#flushed) both.flush();
      for (const [name, text] of part.#writes ?? []) both.write(name, text);
      both.#owner = part.#owner ?? both.#owner;
      both.lifetime = part.lifetime ?? both.lifetime;
      both.absolute = part.absolute ?? both.absolute;
      both.unusedUntil = part.unusedUntil ?? both.unusedUntil;
      both.replacesLifetime ||= part.replacesLifetime;
    }
    return both;
  }
}
