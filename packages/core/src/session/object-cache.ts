import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";

interface CachedObject {
  readonly value: unknown;
  /** What the value encoded to when it was handed out or last committed; `undefined` for what cannot change. */
  baseline: string | undefined;
  /** Whether the baseline is the text as it was stored, perhaps by another version of the codec. */
  asStored: boolean;
}

/**
 * The values that one request got from its session, or gave to it: the same object on every `get`, and watched for
 * mutation in place.
 *
 * A mutation is found by encoding the object again. Where that is not the text that was stored, it counts only if it is not
 * what the stored text encodes to either: text written by another version of the codec must not turn a reader into a
 * writer. So an object that is read is encoded once, as the response begins, and not when it is got as well.
 */
export class ObjectCache {
  readonly #values = new Map<string, CachedObject>();

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name)?.value;
  }

  /** Decodes a field for the application. */
  decode(name: string, text: string): unknown {
    const value = decode(text);
    this.#values.set(name, { value, baseline: isMutable(value) ? text : undefined, asStored: true });
    return value;
  }

  put(name: string, value: unknown, text: string | undefined): void {
    this.#values.set(name, { value, baseline: isMutable(value) ? text : undefined, asStored: false });
  }

  drop(name: string): void {
    this.#values.delete(name);
  }

  clear(): void {
    this.#values.clear();
  }

  /**
   * The fields whose objects were changed since, with their new encodings, which become the baseline. Throws
   * `SESS_VALUE` when one now holds something that cannot be kept.
   */
  mutated(): [name: string, text: string][] {
    const changed: [string, string][] = [];
    const found: [CachedObject, string][] = [];
    for (const [name, cached] of this.#values) {
      if (cached.baseline === undefined) continue;
      const text = encode(cached.value);
      if (text === cached.baseline || text === recoded(cached)) continue;
      changed.push([name, text]);
      found.push([cached, text]);
    }
    for (const [cached, text] of found) {
      cached.baseline = text;
      cached.asStored = false;
    }
    return changed;
  }
}

/** The baseline as this version of the codec has it. */
function recoded(cached: CachedObject): string | undefined {
  if (cached.asStored && cached.baseline !== undefined) {
    cached.baseline = encode(decode(cached.baseline));
    cached.asStored = false;
  }
  return cached.baseline;
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
