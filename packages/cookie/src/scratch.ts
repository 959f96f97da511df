/** Enough for every token that fits into a cookie. */
const usual = 4096;

/**
 * Memory that is reused for intermediate results of one call: allocating it each time would be a tenth of the work on a
 * token. Each piece is valid until the next one is taken.
 */
export class Scratch {
  readonly #bytes = Buffer.alloc(usual);

  /** A piece of `length` bytes with arbitrary contents. */
  take(length: number): Buffer {
    return length <= usual ? this.#bytes.subarray(0, length) : Buffer.allocUnsafe(length);
  }

  /** The concatenated parts. */
  join(parts: readonly Buffer[]): Buffer {
    const bytes = this.take(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) end += part.copy(bytes, end);
    return bytes;
  }
}
