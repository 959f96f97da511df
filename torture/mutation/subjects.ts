/** A provider whose sources are mutated, and what its kit is run with. */
export interface Subject {
  readonly name: string;
  /** Ends with a slash. */
  readonly folder: string;
  /** The files that carry the contract out, without `.ts`. */
  readonly files: readonly string[];
  /** Milliseconds after which a run of the kit counts as one that never ends, beyond what it takes without a mutation. */
  readonly patience: number;
  /** Whether it has scripts in Lua, and needs a server to run them. */
  readonly lua: boolean;
}

export const subjects: readonly Subject[] = [
  {
    name: "memory",
    folder: "packages/core/src/memory/",
    files: ["expiry-heap", "key-map", "memory", "memory-provider", "memory-store", "recency-list"],
    patience: 2500,
    lua: false,
  },
  {
    name: "redis",
    folder: "packages/redis/src/",
    files: ["commands", "evaluate", "owners", "provider", "record", "scan", "scripts", "store"],
    patience: 4000,
    lua: true,
  },
];
