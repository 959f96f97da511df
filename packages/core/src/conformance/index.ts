/**
 * The conformance kit: what every store provider must do, as cases that run under any test runner.
 *
 * @example
 * ```ts
 * import { test } from "vitest"; // or from "node:test"
 * import { conformance } from "@sess/core/conformance";
 *
 * conformance(test, { name: "mine", open: ({ namespace, now }) => mine({ prefix: namespace }).connect({ now, contract: 1 }) });
 * ```
 *
 * @module
 */
import type { Case } from "./case.js";
import { cases } from "./cases/index.js";
import type { Kit as KitClass } from "./kit.js";
import type { ConformanceOptions } from "./options.js";
import { type Outcome, runCase } from "./run.js";
import { summaryLines } from "./summary.js";

export type { Case, Need } from "./case.js";
export { cases } from "./cases/index.js";
export { KitClock } from "./clock.js";
export { ConformanceFailure } from "./failure.js";
export type { Namespace } from "./kit.js";
export type { ConformanceOptions, OpenOptions } from "./options.js";
export type { Outage, OutageMode } from "./outage.js";
export { type Rule, rules } from "./rules.js";
export { type Outcome, runCase } from "./run.js";
export { type TcpProxy, tcpProxy } from "./tcp-proxy.js";
export * from "./tokens/index.js";

/** What a case works with. It is exported as a type only: the kit creates it. */
export type Kit = KitClass;

/** The `test` of a runner: those of vitest and of node:test both fit. */
export type TestFunction = (name: string, fn: () => Promise<void>, milliseconds: number) => unknown;

/** Time limit of a test for runners that need one: some of them allow five seconds, but an outage takes longer. */
const mostOfATest = 120_000;

/**
 * Registers every case as a test, and a last one, `conformance: summary`, which never fails and passes the table to
 * `log`. A case that the provider cannot run is reported as skipped, by name and with the reason.
 */
export function conformance(test: TestFunction, options: ConformanceOptions): void {
  const outcomes = new Map<string, Outcome>();
  const prefix = options.name === undefined ? "" : `${options.name}: `;
  for (const one of cases) {
    const name = `${prefix}${one.rule} ${one.title} [${one.id}]`;
    test(name, runAsTest.bind(undefined, one, options, outcomes), mostOfATest);
  }
  test("conformance: summary", summarize.bind(undefined, options, outcomes), mostOfATest);
}

// Runners pass their own context. Some conclude from a function's length that it wants a callback: a parameter with a
// default does not count in it. Others read the parameters from the source: a bound function shows none.
async function runAsTest(
  testCase: Case,
  options: ConformanceOptions,
  outcomes: Map<string, Outcome>,
  context: unknown = undefined,
): Promise<void> {
  const outcome = await runCase(testCase, options);
  outcomes.set(testCase.id, outcome);
  if (outcome.status === "failed") throw outcome.error;
  if (outcome.status === "skipped") await tell(context, "skip", outcome.reason);
}

async function summarize(
  options: ConformanceOptions,
  outcomes: ReadonlyMap<string, Outcome>,
  context: unknown = undefined,
): Promise<void> {
  for (const line of summaryLines(cases, outcomes)) {
    if (options.log !== undefined) options.log(line);
    else (await tell(context, "diagnostic", line)) || (await tell(context, "annotate", line));
  }
}

/** Calls a method of the runner's context, if it exists. A runner may throw to abort a skipped test. */
async function tell(context: unknown, method: string, line: string): Promise<boolean> {
  // The context of vitest is a function with properties.
  if ((typeof context !== "object" && typeof context !== "function") || context === null) return false;
  const found: unknown = Reflect.get(context, method);
  if (typeof found !== "function") return false;
  await Reflect.apply(found, context, [line]);
  return true;
}
