/** A session's fields: name to encoded value, in order of first writing. */
export type Fields = ReadonlyMap<string, string>;

/** Computes a field's next encoded value from the current one; `undefined` is "no such field". May run again. */
export interface FieldUpdate {
  readonly name: string;
  run(text: string | undefined): string | undefined;
}

/**
 * The changes one request made and has not committed, in normal form: whether everything was flushed first, then the
 * last write of each field. Replaying them on a newer record touches those fields and no others: this is where
 * concurrent requests are merged, and the only place.
 */
export class Changes {
  #flushed = false;
  readonly #writes = new Map<string, string | undefined>();

  get empty(): boolean {
    return !this.#flushed && this.#writes.size === 0;
  }

  /** `undefined` deletes. */
  write(name: string, text: string | undefined): void {
    this.#writes.set(name, text);
  }

  /** Deletes every field present at commit, seen or not; what is written afterwards replays after it. */
  flush(): void {
    this.#flushed = true;
    this.#writes.clear();
  }

  /** Whether the field was written or flushed. */
  covers(name: string): boolean {
    return this.#flushed || this.#writes.has(name);
  }

  /** A field as it would be with these changes made on `base`. */
  read(name: string, base: Fields | undefined): string | undefined {
    if (this.#writes.has(name)) return this.#writes.get(name);
    return this.#flushed ? undefined : base?.get(name);
  }

  /** Makes the changes on `fields` in place. */
  applyTo(fields: Map<string, string>): void {
    if (this.#flushed) fields.clear();
    for (const [name, text] of this.#writes) {
      if (text === undefined) fields.delete(name);
      else fields.set(name, text);
    }
  }

  /** These changes followed by `newer`: how a failed commit goes back under what was changed meanwhile. */
  followedBy(newer: Changes): Changes {
    const both = new Changes();
    for (const part of [this, newer]) {
      if (part.#flushed) both.flush();
      for (const [name, text] of part.#writes) both.write(name, text);
    }
    return both;
  }
}
