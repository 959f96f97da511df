import type { Changes, Fields } from "../record/changes.js";
import type { FieldFunction } from "./field-function.js";
import { ObjectCache } from "./object-cache.js";
import { PendingChanges } from "./pending-changes.js";

/**
 * What is left to store of a session: `"all that there is"` where objects that were handed out have been looked at, and
 * `"something"` where they have not been, since there is something anyway.
 */
export type LeftToStore = "nothing" | "something" | "all that there is";

/** The fields of a session as one request sees and changes them, over what is stored. */
export class FieldView {
  readonly #pending = new PendingChanges();
  readonly #objects = new ObjectCache();

  /** Whether a commit has been asked for and has not ended. */
  get busy(): boolean {
    return this.#pending.busy;
  }

  /** What is left to store. Mutations in place are looked for only where nothing else is. */
  look(): LeftToStore {
    if (!this.#pending.empty) return "something";
    this.findMutations();
    return this.#pending.empty ? "nothing" : "all that there is";
  }

  /** Whether something was changed that no commit has taken yet. Mutations in place are looked for as by {@link look}. */
  get untaken(): boolean {
    if (this.#pending.latest.empty) this.findMutations();
    return !this.#pending.latest.empty;
  }

  get(name: string, base: Fields | undefined): unknown {
    if (this.#objects.has(name)) return this.#objects.get(name);
    const text = this.#pending.read(name, base);
    return text === undefined ? undefined : this.#objects.decode(name, text);
  }

  has(name: string, base: Fields | undefined): boolean {
    return this.#pending.read(name, base) !== undefined;
  }

  names(base: Fields | undefined): string[] {
    return this.#pending.names(base);
  }

  /** `text` is what the value encodes to. */
  set(name: string, value: unknown, text: string): void {
    this.#pending.latest.write(name, text);
    this.#objects.put(name, value, text);
  }

  delete(name: string): void {
    this.#pending.latest.write(name, undefined);
    this.#objects.drop(name);
  }

  flush(): void {
    this.#pending.latest.flush();
    this.#objects.clear();
  }

  beginAnew(): void {
    this.#pending.latest.beginAnew();
    this.#objects.clear();
  }

  setOwner(hash: string | undefined): void {
    this.#pending.latest.setOwner(hash);
  }

  /** Objects that were handed out and changed since count as set. */
  findMutations(): void {
    for (const [name, text] of this.#objects.mutated()) this.#pending.latest.write(name, text);
  }

  /**
   * Everything changed so far, for a commit. It ends by {@link stored} or {@link failed}. `isKnown`: it was looked for in
   * this very step of the event loop, in which nobody else can have changed an object.
   */
  take(isKnown = false): Changes {
    if (!isKnown) this.findMutations();
    return this.#pending.take();
  }

  retake(changes: Changes): Changes {
    return this.#pending.retake(changes);
  }

  /** Also what an update function made of a field, unless a newer change hides it. */
  stored(changes: Changes, update?: FieldFunction<unknown>): void {
    if (update !== undefined && !this.#pending.hides(update.name, changes)) {
      if (update.text === undefined) this.#objects.drop(update.name);
      else this.#objects.put(update.name, update.value, update.text);
    }
    this.#pending.stored(changes);
  }

  failed(changes: Changes): void {
    this.#pending.failed(changes);
  }

  /** The next `get` of a field reads what is stored. */
  forgetObjects(): void {
    this.#objects.clear();
  }

  /** Changes not taken by a commit are as if they had not been made. */
  discard(): void {
    this.#pending.clear();
    this.#objects.clear();
  }
}
