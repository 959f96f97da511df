/** No token that a cookie has room for is longer. */
const usual = 4096;

/**
 * Memory for what is needed within one call only: to allocate it anew is a tenth of the work on a token. Each piece is
 * good until the next one is taken.
 */
export class Scratch {
  readonly #bytes = Buffer.alloc(usual);

  /** So many bytes, whatever is in them. */
  take(length: number): Buffer {
    return length <= usual ? this.#bytes.subarray(0, length) : Buffer.allocUnsafe(length);
  }

  /** The parts end to end. */
  join(parts: readonly Buffer[]): Buffer {
    const bytes = this.take(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) end += part.copy(bytes, end);
    return bytes;
  }
}
