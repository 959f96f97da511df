import type { BrokenTokens } from "./bench.js";
import { brokenBinding } from "./binding.js";
import { brokenKeeping } from "./keeping.js";
import { brokenSealing } from "./sealing.js";
import { brokenTimes } from "./times.js";

/** Every broken token provider; they test the profile. */
export const brokenTokens: readonly BrokenTokens[] = [
  ...brokenTimes,
  ...brokenBinding,
  ...brokenSealing,
  ...brokenKeeping,
];
