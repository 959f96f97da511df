import type { Kit } from "./kit.js";
import type { Rule } from "./rules.js";

/**
 * What a case needs of a provider besides the required methods. `shared`: two handles on one namespace reach the same
 * data. `collects`: records that expire by the kit's clock stay until `gc` removes and counts them. `counts`: `count`
 * works; `uncounted`: it does not. `outage`: the store can be made unreachable.
 */
export type Need = "shared" | "collects" | "counts" | "uncounted" | "outage" | "readMany" | "keys" | "keysOf";

/** One requirement of every provider. It can be run by itself, see `runCase`. */
export interface Case {
  /** Unique and stable, in kebab case. */
  readonly id: string;
  readonly rule: Rule;
  /** What is true if the case passes. */
  readonly title: string;
  /** The section of the guide for authors of providers: an anchor, `#` included. */
  readonly guide: string;
  readonly needs?: readonly Need[];
  /** Rejects with a `ConformanceFailure` when the rule is broken. */
  run(kit: Kit): Promise<void>;
}
