import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";
import type { FieldSchemas } from "../schema/field-schemas.js";

interface CachedObject {
  readonly value: unknown;
  /** The value's encoding when it was returned or last committed; `undefined` for a value that cannot change. */
  baseline: string | undefined;
  /** Whether the baseline is the text as it was stored, perhaps by another version of the codec. */
  asStored: boolean;
}

/**
 * The values that one request got from its session or gave to it. Every `get` returns the same object, which is watched
 * for changes inside it.
 *
 * A change is found by encoding the object again. If the result differs from the stored text, it is also compared with
 * the encoding of what the stored text decodes to: text of another version of the codec must not turn a reader into a
 * writer. An object that is read is therefore encoded once, when the response begins.
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
  decode(name: string, text: string, schemas: FieldSchemas | undefined): unknown {
    const value = decode(text);
    if (schemas?.has(name)) return this.#checked(name, schemas.check(name, value));
    this.#values.set(name, { value, baseline: isMutable(value) ? text : undefined, asStored: true });
    return value;
  }

  /** What a schema makes of a value is what is watched: a reader must not become a writer by it. */
  #checked(name: string, value: unknown): unknown {
    this.put(name, value, isMutable(value) ? encode(value) : undefined);
    return value;
  }

  put(name: string, value: unknown, text: string | undefined): void {
    this.#values.set(name, { value, baseline: isMutable(value) ? text : undefined, asStored: false });
  }

  drop(name: string): void {
    this.#values.delete(name);
  }

  clear(kept?: ReadonlySet<string>): void {
    for (const name of this.#values.keys()) if (!kept?.has(name)) this.#values.delete(name);
  }

  /**
   * The fields whose objects were changed since, with their new encodings, which become the baseline. Throws
   * `SESS_VALUE` when one now holds something that cannot be kept.
   */
  mutated(): [name: string, text: string][] {
    const changed: [string, string][] = [];
    for (const [name, cached] of this.#values) {
      if (cached.baseline === undefined) continue;
      const text = encode(cached.value);
      if (text === cached.baseline || text === recoded(cached)) continue;
      changed.push([name, text]);
    }
    // Only when none has thrown.
    for (const [name, text] of changed) this.put(name, this.get(name), text);
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
