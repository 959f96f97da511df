import type { TokenKit } from "./kit.js";
import type { TokenRule } from "./rules.js";

/** One requirement of every token provider. It can be run by itself, see `runTokenCase`. */
export interface TokenCase {
  /** Unique and stable, in kebab case. The prefix `token-` distinguishes it from the cases for stores. */
  readonly id: string;
  readonly rule: TokenRule;
  /** What is true if the case passes. */
  readonly title: string;
  /** The section of the guide for authors of providers: an anchor, `#` included. */
  readonly guide: string;
  /** Rejects with a `TokenConformanceFailure` when the rule is broken. */
  run(kit: TokenKit): Promise<void>;
}
