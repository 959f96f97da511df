import { type Patience, patience } from "./calls.js";
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
export function runCase(testCase: Case, options: ConformanceOptions): Promise<Outcome> {
  return runPatiently(testCase, options, patience);
}

/** The same, with other bounds on the calls. */
export async function runPatiently(testCase: Case, options: ConformanceOptions, limits: Patience): Promise<Outcome> {
  const kit = new Kit(testCase, options, limits);
  try {
    const reason = await missing(testCase.needs ?? [], options, kit);
    if (reason !== undefined) return { status: "skipped", reason };
    await testCase.run(kit);
    return { status: "passed" };
  } catch (error) {
    return { status: "failed", error: asFailure(testCase, error, kit) };
  } finally {
    await kit.closeAll();
  }
}

/** Why a requirement of a case is not met, by what was declared. */
const undeclared: { readonly [N in Need]?: (options: ConformanceOptions) => string | undefined } = {
  shared: ({ single }) => single && `single: ${single}`,
  collects: ({ serverClock }) => serverClock && `serverClock: ${serverClock}`,
  counts: ({ uncounted }) => uncounted && `uncounted: ${uncounted}`,
  uncounted: ({ uncounted }) => (uncounted === undefined ? "the provider counts" : undefined),
  outage: ({ outage }) => (outage === undefined ? "no outage was declared" : undefined),
};

async function missing(needs: readonly Need[], options: ConformanceOptions, kit: Kit): Promise<string | undefined> {
  const declared = needs.map((need) => undeclared[need]?.(options)).find((reason) => reason !== undefined);
  if (declared !== undefined) return declared;
  const optional = (["readMany", "keys", "keysOf"] as const).filter((name) => needs.includes(name));
  if (optional.length === 0) return undefined;
  const provider = await kit.open();
  const absent = optional.find((name) => typeof provider[name] !== "function");
  return absent && `the provider has no ${absent}()`;
}

/** Wraps an error of the provider or of `open` that is not a finding. */
function asFailure(testCase: Case, error: unknown, kit: Kit): ConformanceFailure {
  if (error instanceof ConformanceFailure) return error;
  const { id, rule, title, guide } = testCase;
  const what = kit.rejectedWith(error) ?? "a call of the provider";
  const finding = { id, rule, title, guide, what, expected: "an answer" };
  return new ConformanceFailure({ ...finding, came: show(error) }, { cause: error });
}
