import type { Head } from "./head.js";

/**
 * The headers that `writeHead` was given for a response with none of its own. Node writes such headers as they are,
 * in their order and spelling, names that come twice included; this keeps them so, with the session's own among them.
 */
export class GivenHead implements Head {
  #pairs: (readonly [name: string, value: unknown])[];
  readonly #flat: boolean;

  constructor(pairs: readonly (readonly [string, unknown])[], flat: boolean) {
    this.#pairs = [...pairs];
    this.#flat = flat;
  }

  getHeader(name: string): string | string[] | undefined {
    const found = this.#values(name);
    return found.length < 2 ? found[0] : found;
  }

  setHeader(name: string, value: string | readonly string[]): void {
    const present = this.#values(name);
    if (present.length === 0 && !this.#flat) {
      this.#pairs.push([name, value]);
      return;
    }
    const given = typeof value === "string" ? [value] : value;
    if (this.#flat && present.every((each, i) => each === given[i])) {
      // Only added to: those that are there stay where they are.
      const added = given.slice(present.length);
      if (added.length > 0) this.#pairs.push([name, added.length === 1 ? added[0] : added]);
      return;
    }
    const at = this.#pairs.findIndex(([each]) => same(each, name));
    const others = this.#pairs.filter(([each]) => !same(each, name));
    others.splice(at < 0 ? others.length : at, 0, [name, value]);
    this.#pairs = others;
  }

  #values(name: string): string[] {
    const values: string[] = [];
    for (const [each, value] of this.#pairs) if (same(each, name)) values.push(...[value].flat().map(String));
    return values;
  }

  /** In the form they came in, an object or names and values in turn, as who intercepts `writeHead` expects it. */
  get headers(): unknown {
    return this.#flat ? this.#pairs.flat(1) : Object.fromEntries(this.#pairs);
  }
}

function same(one: string, other: string): boolean {
  return one.length === other.length && one.toLowerCase() === other.toLowerCase();
}
