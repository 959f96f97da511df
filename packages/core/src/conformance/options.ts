import type { Provider } from "../provider.js";

import type { Outage } from "./outage.js";

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
  /** The prefix of each test's name. */
  readonly name?: string;
  /** A new handle. Two handles with one namespace must reach the same data, unless `single` is declared. */
  readonly open: (options: OpenOptions) => Promise<Provider>;
  /** Why two handles cannot reach the same data: cases that need two handles are skipped by name. */
  readonly single?: string;
  /** Why expired records may disappear without `gc`: cases that count what `gc` removes are skipped by name. */
  readonly serverClock?: string;
  /**
   * Why the store cannot count: `count` then rejects with `SESS_UNSUPPORTED`, and the cases that count are skipped by
   * name.
   */
  readonly uncounted?: string;
  /**
   * Makes the store unreachable; see `tcpProxy`. Without it, the cases about a failing store are skipped by name. One
   * case runs at a time.
   */
  readonly outage?: Outage;
  /** Receives the lines of the table. Without it, they go to the runner's own context if it accepts them. */
  readonly log?: (line: string) => void;
}
