import type { BrokenTokens } from "./bench.js";
import { brokenBinding } from "./binding.js";
import { brokenKeeping } from "./keeping.js";
import { brokenSealing } from "./sealing.js";
import { brokenTimes } from "./times.js";

/** Every broken token provider: what the profile is tested with. */
export const brokenTokens: readonly BrokenTokens[] = [
  ...brokenTimes,
  ...brokenBinding,
  ...brokenSealing,
  ...brokenKeeping,
];
