import type { Kit } from "./kit.js";
import type { Rule } from "./rules.js";

/**
 * What a case asks of a provider besides the required methods. `shared`: two handles on one namespace reach the same
 * data. `collects`: what expires by the kit's clock is still there for `gc` to remove and count. `counts`: `count`
 * answers; `uncounted`: it cannot. `outage`: the store can be put out of reach.
 */
export type Need = "shared" | "collects" | "counts" | "uncounted" | "outage" | "readMany" | "keys" | "keysOf";

/** One thing that every provider must do: it can be run by itself, see `runCase`. */
export interface Case {
  /** Unique and stable, in kebab case. */
  readonly id: string;
  readonly rule: Rule;
  /** What holds when the case passes. */
  readonly title: string;
  /** The section of the guide for authors of providers: an anchor, `#` included. */
  readonly guide: string;
  readonly needs?: readonly Need[];
  /** Rejects with a `ConformanceFailure` when the rule is broken. */
  run(kit: Kit): Promise<void>;
}
