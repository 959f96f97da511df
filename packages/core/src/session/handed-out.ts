import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";

interface Handed {
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
export class HandedOut {
  readonly #values = new Map<string, Handed>();

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
    const found: [Handed, string][] = [];
    for (const [name, handed] of this.#values) {
      if (handed.baseline === undefined) continue;
      const text = encode(handed.value);
      if (text === handed.baseline) continue;
      changed.push([name, text]);
      found.push([handed, text]);
    }
    for (const [handed, text] of found) handed.baseline = text;
    return changed;
  }
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
