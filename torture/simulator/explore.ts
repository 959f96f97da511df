/**
 * Looks for interleavings of core's code that break a guarantee.
 *
 *     npm run torture                    until interrupted
 *     npm run torture -- --seeds 5000    so many seeds, from --from (default 1) on
 *     npm run torture -- --seed 7        one of them, with its trace and the shortest trace found from it
 */
import { parseArgs } from "node:util";
import { Choices } from "./choices.js";
import { isViolation, run } from "./run.js";
import { shrink } from "./shrink.js";
import { Tally } from "./tally.js";

const { values } = parseArgs({
  options: { seeds: { type: "string" }, seed: { type: "string" }, from: { type: "string" } },
});

const print = (text: string) => process.stdout.write(`${text}\n`);

async function replay(seed: number): Promise<number> {
  const result = await run(Choices.seeded(seed));
  for (const line of result.trace) print(line);
  for (const { rule, text } of result.violations) print(`VIOLATED ${rule}: ${text}`);
  const first = result.violations.find(isViolation) ?? result.violations[0];
  if (first === undefined) return 0;
  const shortest = await shrink(result.choices.made, first.rule);
  print(`\nThe shortest trace found that violates ${first.rule}:`);
  for (const line of shortest.trace) print(line);
  for (const { rule, text } of shortest.violations) print(`VIOLATED ${rule}: ${text}`);
  return isViolation(first) ? 1 : 0;
}

async function explore(from: number, count: number): Promise<number> {
  const tally = new Tally(count);
  for (let seed = from; seed < from + count; seed++) {
    const text = tally.add(seed, await run(Choices.seeded(seed)));
    if (text !== undefined) print(text);
  }
  print(tally.summary());
  return tally.failed ? 1 : 0;
}

const seed = values.seed === undefined ? undefined : Number(values.seed);
process.exitCode =
  seed === undefined
    ? await explore(Number(values.from ?? 1), Number(values.seeds ?? Number.POSITIVE_INFINITY))
    : await replay(seed);
