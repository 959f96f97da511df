import type { TokenCase } from "../case.js";
import { alteredCases } from "./altered.js";
import { closingCases } from "./closing.js";
import { expiryCases } from "./expiry.js";
import { keepingCases } from "./keeping.js";
import { keyCases } from "./keys.js";
import { nameCases } from "./names.js";
import { sealingCases } from "./sealing.js";

/** Every case, in the order in which they run. Each one stands alone. */
export const tokenCases: readonly TokenCase[] = [
  ...keepingCases,
  ...expiryCases,
  ...nameCases,
  ...keyCases,
  ...alteredCases,
  ...sealingCases,
  ...closingCases,
];
