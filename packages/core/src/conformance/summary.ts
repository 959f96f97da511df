import type { Case } from "./case.js";
import { type Rule, rules } from "./rules.js";
import type { Outcome } from "./run.js";

/** The table at the end of a run, rule by rule; below it every case that was skipped or failed, by name. */
export function summaryLines(cases: readonly Case[], outcomes: ReadonlyMap<string, Outcome>): string[] {
  const table = Object.keys(rules).map((rule) => row(rule as Rule, cases, outcomes));
  const named = cases.flatMap(({ id, rule }) => {
    const outcome = outcomes.get(id);
    if (outcome?.status === "skipped") return [`skipped ${rule} ${id}: ${outcome.reason}`];
    return outcome?.status === "failed" ? [`failed ${rule} ${id}`] : [];
  });
  return ["rule  passed  failed  skipped  not run", ...table, ...named];
}

function row(rule: Rule, cases: readonly Case[], outcomes: ReadonlyMap<string, Outcome>): string {
  const counts = { passed: 0, failed: 0, skipped: 0, none: 0 };
  for (const one of cases) if (one.rule === rule) counts[outcomes.get(one.id)?.status ?? "none"] += 1;
  const cells = [
    rule.padEnd(4),
    String(counts.passed).padStart(6),
    String(counts.failed).padStart(6),
    String(counts.skipped).padStart(7),
    String(counts.none).padStart(7),
  ];
  return `${cells.join("  ")}  ${rules[rule]}`;
}
