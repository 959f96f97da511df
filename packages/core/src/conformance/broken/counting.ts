import { list } from "../kit.js";
import type { Broken } from "./bench.js";
import { unreachable } from "./wire.js";

const uncounted = "the store has no way to count";

/** Stores that count wrongly, or cannot count and report it in the wrong way. */
export const brokenCounts: readonly Broken[] = [
  {
    name: "what cannot be counted is none",
    fails: ["count-or-unsupported"],
    declares: { uncounted },
    edit: ({ real }) => ({
      async count() {
        await real.count();
        return 0;
      },
    }),
  },
  {
    name: "keys that begin alike are counted as one",
    fails: ["count-sessions"],
    edit: ({ real }) => ({
      async count() {
        const beginnings = (await list(real.keys())).map((key) => key.slice(0, 8));
        return new Set(beginnings).size;
      },
    }),
  },
  {
    name: "what cannot be counted is a store that fails",
    fails: ["count-or-unsupported"],
    declares: { uncounted },
    edit: () => ({ count: () => Promise.reject(unreachable) }),
  },
];
