/**
 * A `Map` with hexadecimal keys, in 256 parts. A `Map` grows and shrinks by copying itself, which takes 70 ms with a
 * million entries and blocks the process; here, only one part is copied.
 */
export class KeyMap<V> {
  readonly #parts = new Map<string, Map<string, V>>();

  get(key: string): V | undefined {
    return this.#parts.get(partOf(key))?.get(key);
  }

  set(key: string, value: V): void {
    const part = this.#parts.get(partOf(key));
    if (part === undefined) this.#parts.set(partOf(key), new Map([[key, value]]));
    else part.set(key, value);
  }

  delete(key: string): void {
    this.#parts.get(partOf(key))?.delete(key);
  }

  /**
   * All entries that exist from start to end, even if others are added or removed meanwhile. Ends even if entries are
   * added continuously.
   */
  *values(): Generator<V> {
    for (const part of this.#parts.values()) {
      // The entries that existed at the start come first.
      let left = part.size;
      for (const value of part.values()) {
        if (left-- === 0) break;
        yield value;
      }
    }
  }
}

function partOf(key: string): string {
  return key.slice(0, 2);
}
