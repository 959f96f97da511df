import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";

interface CachedObject {
  readonly value: unknown;
  /** What the value encoded to when it was handed out or last committed; `undefined` for what cannot change. */
  baseline: string | undefined;
}

/**
 * The values that one request got from its session, or gave to it: the same object on every `get`, and watched for
 * mutation in place.
 *
 * A mutation is found by encoding the object again and comparing with its own earlier encoding, never with what is
 * stored: text written by another version of the codec must not turn a reader into a writer.
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
    this.put(name, value, isMutable(value) ? encode(value) : undefined);
    return value;
  }

  put(name: string, value: unknown, text: string | undefined): void {
    this.#values.set(name, { value, baseline: isMutable(value) ? text : undefined });
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
      if (text === cached.baseline) continue;
      changed.push([name, text]);
      found.push([cached, text]);
    }
    for (const [cached, text] of found) cached.baseline = text;
    return changed;
  }
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
