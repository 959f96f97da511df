import type { Case, Need } from "./case.js";
import { ConformanceFailure, show } from "./failure.js";
import { Kit } from "./kit.js";
import type { ConformanceOptions } from "./options.js";

/** What became of a case. */
export type Outcome =
  | { readonly status: "passed" }
  | { readonly status: "skipped"; readonly reason: string }
  | { readonly status: "failed"; readonly error: ConformanceFailure };

/** Runs one case on a provider, in namespaces that nothing else uses. Never rejects. */
export async function runCase(testCase: Case, options: ConformanceOptions): Promise<Outcome> {
  const kit = new Kit(testCase, options);
  try {
    const reason = await missing(testCase.needs ?? [], options, kit);
    if (reason !== undefined) return { status: "skipped", reason };
    await testCase.run(kit);
    return { status: "passed" };
  } catch (error) {
    return { status: "failed", error: asFailure(testCase, error) };
  } finally {
    await kit.closeAll();
  }
}

async function missing(needs: readonly Need[], options: ConformanceOptions, kit: Kit): Promise<string | undefined> {
  if (needs.includes("shared") && options.single !== undefined) return `single: ${options.single}`;
  if (needs.includes("collects") && options.serverClock !== undefined) return `serverClock: ${options.serverClock}`;
  const listings = (["keys", "keysOf"] as const).filter((name) => needs.includes(name));
  if (listings.length === 0) return undefined;
  const provider = await kit.open();
  const absent = listings.find((name) => typeof provider[name] !== "function");
  return absent && `the provider has no ${absent}()`;
}

/** An error that is no finding came out of the provider, or out of `open`. */
function asFailure(testCase: Case, error: unknown): ConformanceFailure {
  if (error instanceof ConformanceFailure) return error;
  const { id, rule, title, guide } = testCase;
  const finding = { id, rule, title, guide, what: "a call of the provider", expected: "an answer" };
  return new ConformanceFailure({ ...finding, came: show(error) }, { cause: error });
}
