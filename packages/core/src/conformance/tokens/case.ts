import type { TokenKit } from "./kit.js";
import type { TokenRule } from "./rules.js";

/** One thing that every token provider must do: it can be run by itself, see `runTokenCase`. */
export interface TokenCase {
  /** Unique and stable, in kebab case; `token-` in front, so that it is not taken for a case of stores. */
  readonly id: string;
  readonly rule: TokenRule;
  /** What holds when the case passes. */
  readonly title: string;
  /** The section of the guide for authors of providers: an anchor, `#` included. */
  readonly guide: string;
  /** Rejects with a `TokenConformanceFailure` when the rule is broken. */
  run(kit: TokenKit): Promise<void>;
}
