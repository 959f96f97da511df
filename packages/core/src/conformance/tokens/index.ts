/** The profile of the conformance kit for token providers, whose records travel with the client. */
import type { TokenCase } from "./case.js";
import { tokenCases } from "./cases/index.js";
import type { TokenKit as TokenKitClass } from "./kit.js";
import type { TokenConformanceOptions } from "./options.js";
import { runTokenCase } from "./run.js";

export type { TokenCase } from "./case.js";
export { tokenCases } from "./cases/index.js";
export { TokenConformanceFailure } from "./failure.js";
export type { TokenConformanceOptions, TokenOpenOptions } from "./options.js";
export { type TokenRule, tokenRules } from "./rules.js";
export { runTokenCase, type TokenOutcome } from "./run.js";

/** What a case works with. It is exported as a type only: the kit creates it. */
export type TokenKit = TokenKitClass;

type TestFunction = (name: string, fn: () => Promise<void>) => unknown;

/**
 * Registers every case as a test, with the `test` of vitest, of node:test, or of a similar runner. No case is skipped,
 * because every token provider can do what is asked for here.
 *
 * @example
 * ```ts
 * import { test } from "vitest"; // or from "node:test"
 * import { tokenConformance } from "@sess/core/conformance";
 *
 * tokenConformance(test, {
 *   name: "mine",
 *   open: ({ keys, ...context }) => mine({ keys }).connect({ ...context, contract: 1 }),
 * });
 * ```
 */
export function tokenConformance(test: TestFunction, options: TokenConformanceOptions): void {
  const prefix = options.name === undefined ? "" : `${options.name}: `;
  for (const one of tokenCases) {
    // Runners that pass a context conclude from a function's length that it wants a callback, so this one has no
    // parameters.
    test(`${prefix}${one.rule} ${one.title} [${one.id}]`, () => runAsTest(one, options));
  }
}

async function runAsTest(testCase: TokenCase, options: TokenConformanceOptions): Promise<void> {
  const outcome = await runTokenCase(testCase, options);
  if (outcome.status === "failed") throw outcome.error;
}
