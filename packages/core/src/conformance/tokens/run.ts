import { show } from "../failure.js";
import type { TokenCase } from "./case.js";
import { TokenConformanceFailure } from "./failure.js";
import { TokenKit } from "./kit.js";
import type { TokenConformanceOptions } from "./options.js";

/** What became of a case. */
export type TokenOutcome =
  | { readonly status: "passed" }
  | { readonly status: "failed"; readonly error: TokenConformanceFailure };

/** Runs one case on a token provider, with keys that nothing else uses. Never rejects. */
export async function runTokenCase(testCase: TokenCase, options: TokenConformanceOptions): Promise<TokenOutcome> {
  const kit = new TokenKit(testCase, options);
  try {
    await testCase.run(kit);
    return { status: "passed" };
  } catch (error) {
    return { status: "failed", error: asFailure(testCase, error) };
  } finally {
    await kit.closeAll();
  }
}

/** Wraps an error of the provider or of `open` that is not a finding. */
function asFailure(testCase: TokenCase, error: unknown): TokenConformanceFailure {
  if (error instanceof TokenConformanceFailure) return error;
  const { id, rule, title, guide } = testCase;
  const finding = { id, rule, title, guide, what: "a call of the provider", expected: "an answer" };
  return new TokenConformanceFailure({ ...finding, came: show(error) }, { cause: error });
}
