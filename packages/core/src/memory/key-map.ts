/**
 * A `Map` by keys of hexadecimal digits, in 256 parts. A `Map` grows, and shrinks, by copying all of itself, which
 * takes 70 ms with a million entries, and nothing else runs meanwhile; here only a part is copied.
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

  /** All that are there from start to end, though entries come and go meanwhile; ends though they come all the while. */
  *values(): Generator<V> {
    for (const part of this.#parts.values()) {
      // Those that were there come first.
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
