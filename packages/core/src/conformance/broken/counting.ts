import type { Broken } from "./bench.js";
import { unreachable } from "./wire.js";

const uncounted = "the store has no way to count";

/** Stores that cannot count and report it in the wrong way. */
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
    name: "what cannot be counted is a store that fails",
    fails: ["count-or-unsupported"],
    declares: { uncounted },
    edit: () => ({ count: () => Promise.reject(unreachable) }),
  },
];
