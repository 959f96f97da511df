import type { BrokenTokens } from "./bench.js";

/** Times that are ignored, slightly wrong, or taken from another clock. */
export const brokenTimes: readonly BrokenTokens[] = [
  {
    name: "expiry is left to the browser",
    fails: ["token-expires", "token-expires-far-away", "token-replayed"],
    recipe: () => ({ accepts: ({ issuedAt }, at) => issuedAt <= at + 60_000 }),
  },
  {
    name: "a millisecond late",
    fails: ["token-expires", "token-expires-far-away", "token-replayed"],
    recipe: (sound) => ({ accepts: (payload, at) => sound.accepts(payload, at - 1) }),
  },
  {
    name: "in whole seconds",
    fails: ["token-expires"],
    recipe: () => ({
      accepts: ({ issuedAt, record }, at) =>
        issuedAt <= at + 60_000 && Math.floor(at / 1000) < Math.floor(record.expiresAt / 1000),
    }),
  },
  {
    name: "a lifetime of its own, from the issue on",
    fails: ["token-expires", "token-expires-far-away", "token-replayed"],
    recipe: () => ({ accepts: ({ issuedAt }, at) => issuedAt <= at + 60_000 && at < issuedAt + 86_400_001 }),
  },
  {
    name: "the process's own clock",
    fails: ["token-expires", "token-expires-far-away", "token-replayed", "token-from-the-future"],
    recipe: () => ({ now: Date.now }),
  },
  {
    name: "the issue time is not looked at",
    fails: ["token-from-the-future"],
    recipe: () => ({ accepts: ({ record }, at) => at < record.expiresAt }),
  },
  {
    name: "no clock may differ",
    fails: ["token-small-skew"],
    recipe: (sound) => ({ accepts: (payload, at) => payload.issuedAt <= at && sound.accepts(payload, at) }),
  },
];
