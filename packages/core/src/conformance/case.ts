import type { Provider } from "../provider.js";
import type { Kit } from "./kit.js";

/**
 * What is tested: the guarantees that hold for every provider (G1 to G7), and what the contract promises besides
 * (C1 to C3).
 */
export const rules = {
  G1: "no update is lost",
  G2: "a write counts once, however often it is sent",
  G3: "what was destroyed stays destroyed",
  G4: "a key holds one session, a retired key one marker",
  G5: "the expired does not exist, and expiry never moves back",
  G6: "what comes back is what went in",
  G7: "namespaces never see each other",
  C1: "count counts sessions",
  C2: "keys and keysOf leave nothing out",
  C3: "close closes one handle",
} as const;

/** A row of the table at the end of a run. */
export type Rule = keyof typeof rules;

/**
 * What a case asks of a provider besides the required methods. `shared`: two handles on one namespace reach the same
 * data. `collects`: what expires by the kit's clock is still there for `gc` to remove and count.
 */
export type Need = "shared" | "collects" | "keys" | "keysOf";

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

/** How the kit asks for a handle. */
export interface OpenOptions {
  /**
   * 1 to 40 characters of `a-z`, `0-9` and `_`, starting with a letter, new with every case. One namespace may begin
   * with another.
   */
  readonly namespace: string;
  /** Starts at real time, only advances, and stands still unless the kit moves it. Handles may differ in it. */
  readonly now: () => number;
}

/** How a provider presents itself to the kit. */
export interface ConformanceOptions {
  /** Stands before the name of each test. */
  readonly name?: string;
  /** A new handle. Called twice with one namespace it must reach the same data, or `single` is declared. */
  readonly open: (options: OpenOptions) => Promise<Provider>;
  /** Why two handles cannot reach the same data: cases that need two handles are skipped by name. */
  readonly single?: string;
  /** Why expired records may go without `gc`: cases that count what `gc` removes are skipped by name. */
  readonly serverClock?: string;
  /** Takes the lines of the table. Without it they go to the runner's own context, where it has a place for them. */
  readonly log?: (line: string) => void;
}
