import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";

interface Handed {
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
    const found: [Handed, string][] = [];
    for (const [name, handed] of this.#values) {
      if (handed.baseline === undefined) continue;
      const text = encode(handed.value);
      if (text === handed.baseline || text === recoded(handed)) continue;
      changed.push([name, text]);
      found.push([handed, text]);
    }
    for (const [handed, text] of found) {
      handed.baseline = text;
      handed.asStored = false;
    }
    return changed;
  }
}

/** The baseline as this version of the codec has it. */
function recoded(handed: Handed): string | undefined {
  if (handed.asStored && handed.baseline !== undefined) {
    handed.baseline = encode(decode(handed.baseline));
    handed.asStored = false;
  }
  return handed.baseline;
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
