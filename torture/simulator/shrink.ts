import { Choices } from "./choices.js";
import { type RunOptions, type RunResult, run } from "./run.js";

/** Tries simpler lists of choices for as long as the same rule is violated: shorter ones, and ones with more zeros. */
export async function shrink(made: readonly number[], rule: string, options: RunOptions = {}): Promise<RunResult> {
  let best = [...made];
  let tries = 0;
  const accept = async (list: readonly number[]): Promise<boolean> => {
    if (tries++ > 6000) return false;
    const result = await run(Choices.scripted(list), options);
    const good = result.violations.some((violation) => violation.rule === rule);
    if (good) best = trimmed(result.choices.made.slice(0, list.length));
    return good;
  };
  for (let before = -1; before !== score(best); ) {
    before = score(best);
    for (let size = best.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < best.length; ) {
        const without = [...best.slice(0, at), ...best.slice(at + size)];
        const zeroed = best.map((each, index) => (index >= at && index < at + size ? 0 : each));
        const changed = best.slice(at, at + size).some((each) => each !== 0);
        if ((await accept(without)) || (changed && (await accept(zeroed)))) continue;
        at += size;
      }
    }
  }
  return run(Choices.scripted(best), options);
}

function trimmed(list: number[]): number[] {
  while (list.at(-1) === 0) list.pop();
  return list;
}

function score(list: readonly number[]): number {
  return list.length * 1000 + list.filter((each) => each !== 0).length;
}
