import type { Changes, Fields, Owner } from "../record/changes.js";
import type { FieldSchemas } from "../schema/field-schemas.js";
import type { FieldFunction } from "./field-function.js";
import { ObjectCache } from "./object-cache.js";
import { PendingChanges } from "./pending-changes.js";

/**
 * What is left to store: `"all that there is"` if the returned objects were checked for changes; `"something"` if they
 * were not checked, because there is something in any case.
 */
export type LeftToStore = "nothing" | "something" | "all that there is";

/** The fields of a session as one request sees and changes them, over what is stored. */
export class FieldView {
  readonly #pending = new PendingChanges();
  readonly #objects = new ObjectCache();
  readonly #schemas: FieldSchemas | undefined;

  constructor(schemas: FieldSchemas | undefined) {
    this.#schemas = schemas;
  }

  /** Whether a commit has been requested and has not ended. */
  get busy(): boolean {
    return this.#pending.busy;
  }

  /** What is left to store. Returned objects are checked for changes only if nothing else is left. */
  look(): LeftToStore {
    if (!this.#pending.empty) return "something";
    this.findMutations();
    return this.#pending.empty ? "nothing" : "all that there is";
  }

  /** Whether there is a change that no commit has taken. Returned objects are checked as by {@link look}. */
  get untaken(): boolean {
    if (this.#pending.latest.empty) this.findMutations();
    return !this.#pending.latest.empty;
  }

  get(name: string, base: Fields | undefined): unknown {
    if (this.#objects.has(name)) return this.#objects.get(name);
    const text = this.#pending.read(name, base);
    return text === undefined ? undefined : this.#objects.decode(name, text, this.#schemas);
  }

  has(name: string, base: Fields | undefined): boolean {
    // A field that is dropped is none.
    if (this.#schemas?.drops) return this.get(name, base) !== undefined;
    return this.#pending.read(name, base) !== undefined;
  }

  names(base: Fields | undefined): string[] {
    const names = this.#pending.names(base);
    return this.#schemas?.drops ? names.filter((name) => this.has(name, base)) : names;
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

  /** `kept`: the fields that stay, with what this request has changed in them. */
  beginAnew(kept: ReadonlySet<string>): void {
    this.#objects.clear(kept);
    this.findMutations();
    this.#pending.latest.beginAnew(kept);
  }

  /** The owner that was set last and is not known to be stored. */
  get owner(): Owner | undefined {
    return this.#pending.owner;
  }

  setOwner(owner: Owner): void {
    this.#pending.latest.setOwner(owner);
  }

  /** Returned objects that were changed since count as set. */
  findMutations(): void {
    for (const [name, text] of this.#objects.mutated()) this.#pending.latest.write(name, text);
  }

  /**
   * Takes all changes so far for a commit, which ends by {@link stored} or {@link failed}. `isKnown`: the changes were
   * looked for in this very step of the event loop, so no object can have changed since.
   */
  take(isKnown = false): Changes {
    if (!isKnown) this.findMutations();
    return this.#pending.take();
  }

  retake(changes: Changes): Changes {
    return this.#pending.retake(changes);
  }

  /** Includes the result of an update function, unless a newer change hides it. */
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

  /** The next `get` of a field reads the stored value. */
  forgetObjects(): void {
    this.#objects.clear();
  }

  /** Discards the changes that no commit has taken. */
  discard(): void {
    this.#pending.clear();
    this.#objects.clear();
  }
}
