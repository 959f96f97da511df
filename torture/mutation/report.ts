import { basename } from "node:path";
import { handMade } from "./by-hand.js";
import type { Mutant } from "./mutants.js";
import { isKilled, type SurvivorList } from "./survivors.js";

/** A row for each file and one for all of them: how many mutants were killed, and how the others ended. */
export function table(subject: string, mutants: readonly Mutant[], byHand: readonly boolean[]): string[] {
  const files = [...new Set(mutants.map(({ fileName }) => fileName))].sort();
  const rows = files.map((file) =>
    row(
      basename(file),
      mutants.filter(({ fileName }) => fileName === file),
    ),
  );
  const language = handMade[subject]?.language;
  const hand = language ? [`${language}, by hand: ${killedOf(byHand)} of ${byHand.length} killed`] : [];
  const head = "file                    mutants  killed  timeout  survived  not covered  invalid  killed %";
  return [head, ...rows, row("all", mutants), ...hand];
}

/**
 * Headings of survivors that no kit can notice: the contract does not cover the change, or the kit does not cause it.
 */
const unseen = new Set([
  "equivalent",
  "the contract allows it",
  "performance only",
  "another writer",
  "outage",
  "configuration",
  "outside the contract",
  "error text",
]);

/** How many are killed of those that a kit can see: of all except those under {@link unseen}. */
export function seen(
  mutants: readonly Mutant[],
  byHand: readonly boolean[],
  survivors: ReadonlyMap<string, number>,
  { headings }: SurvivorList,
): { readonly line: string; readonly share: number } {
  const killed = mutants.filter(isKilled).length + killedOf(byHand);
  const missed = [...survivors].filter(([line]) => !unseen.has(headings.get(line) ?? ""));
  const visible = killed + missed.reduce((sum, [, times]) => sum + times, 0);
  const share = killed / visible;
  return { share, line: `of those that a kit can see: ${killed} of ${visible}, ${(100 * share).toFixed(1)} %` };
}

function killedOf(byHand: readonly boolean[]): number {
  return byHand.filter((one) => one).length;
}

function row(name: string, mutants: readonly Mutant[]): string {
  const count = (status: Mutant["status"]) => mutants.filter((mutant) => mutant.status === status).length;
  const counts = [count("Killed"), count("Timeout"), count("Survived"), count("NoCoverage")];
  const valid = counts.reduce((sum, one) => sum + one, 0);
  const rate = ((100 * mutants.filter(isKilled).length) / valid).toFixed(1);
  const cells = [mutants.length, ...counts, mutants.length - valid, rate];
  const widths = [7, 6, 7, 8, 11, 7, 8];
  return [name.padEnd(22), ...cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0))].join("  ");
}

/** How many survivors there are under each heading of the list. */
export function byReason(survivors: ReadonlyMap<string, number>, { headings }: SurvivorList): string[] {
  const counts = new Map<string, number>();
  for (const [line, times] of survivors) {
    const heading = headings.get(line) ?? "not in the list";
    counts.set(heading, (counts.get(heading) ?? 0) + times);
  }
  return [...counts].map(([heading, count]) => `${String(count).padStart(5)}  ${heading}`);
}
