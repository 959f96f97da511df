/**
 * How a store can be out of reach. `down`: connections break, and new ones are refused or closed. `silent`:
 * connections stay, new ones are accepted, and nothing is answered.
 */
export type OutageMode = "down" | "silent";

/**
 * Puts the store out of reach of every handle, those included that are open; resolves when that is so, to what ends the
 * outage. What the store held is there afterwards.
 */
export type Outage = (mode: OutageMode) => Promise<() => Promise<void>>;
