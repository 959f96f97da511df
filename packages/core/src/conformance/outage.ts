/**
 * How a store can be unreachable. `down`: connections break, and new ones are refused or closed. `silent`: connections
 * stay, new ones are accepted, and nothing is answered.
 */
export type OutageMode = "down" | "silent";

/**
 * Makes the store unreachable for every handle, also for open ones. Resolves, once it is, to a function that ends the
 * outage. The store keeps its records.
 */
export type Outage = (mode: OutageMode) => Promise<() => Promise<void>>;
