import { basename } from "node:path";
import { luaMutations } from "./lua.js";
import type { Mutant } from "./mutants.js";
import { isKilled, type SurvivorList } from "./survivors.js";

/** A row for each file and one for all of them: how many mutants were killed, and how the others ended. */
export function table(mutants: readonly Mutant[], luaKilled: readonly boolean[]): string[] {
  const files = [...new Set(mutants.map(({ fileName }) => fileName))].sort();
  const rows = files.map((file) =>
    row(
      basename(file),
      mutants.filter(({ fileName }) => fileName === file),
    ),
  );
  const lua = luaKilled.length === 0 ? [] : [`Lua, by hand: ${killedOf(luaKilled)} of ${luaMutations.length} killed`];
  const head = "file                    mutants  killed  timeout  survived  not covered  invalid  killed %";
  return [head, ...rows, row("all", mutants), ...lua];
}

function killedOf(killed: readonly boolean[]): number {
  return killed.filter((one) => one).length;
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
