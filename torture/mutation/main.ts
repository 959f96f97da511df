/**
 * Finds which mutations of a provider the conformance kit notices without any other test: `npx tsx
 * torture/mutation/main.ts memory|file|redis|mysql|postgres`, or with the names of some of its files behind it,
 * `by-hand` among them. Fails if the survivors are not those of `survivors-<name>.md`, or if the kit notices less than
 * nine in ten of the mutants that a kit can see.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runKitByHand } from "./kit-by-hand.js";
import { mutate } from "./mutants.js";
import { byReason, seen, table } from "./report.js";
import { type Subject, subjects } from "./subjects.js";
import { differences, handLines, parseList, survivorLines } from "./survivors.js";

const least = 0.9;
const byHand = "by-hand";

const [name, ...only] = process.argv.slice(2);
const subject = subjects.find((each) => each.name === name);
if (subject === undefined) throw new Error(`which one? ${subjects.map((each) => each.name).join(" or ")}`);
process.chdir(join(import.meta.dirname, "../.."));
const isAsked = (part: string) => only.length === 0 || only.includes(part);
process.exitCode = (await check({ ...subject, files: subject.files.filter(isAsked) })) ? 0 : 1;

async function check(subject: Subject): Promise<boolean> {
  const { name, folder } = subject;
  const server = await subject.start?.();
  process.env.SESS_MUTATED = name;
  if (server !== undefined) process.env.SESS_MUTATED_URL = server.url;
  try {
    const mutants = subject.files.length > 0 ? await mutate(subject) : [];
    const killed = isAsked(byHand) ? await runKitByHand(name) : [];
    const survivors = survivorLines(mutants, folder, (path) => readFileSync(path, "utf8"));
    for (const line of handLines(name, killed)) survivors.set(line, 1);
    const text = readFileSync(join(import.meta.dirname, `survivors-${name}.md`), "utf8");
    const list = parseList(text, (line) => isAsked(/^- `([\w-]+)\.ts`/.exec(line)?.[1] ?? byHand));
    const [wrong, visible] = [differences(survivors, list), seen(mutants, killed, survivors, list)];
    console.log([...table(name, mutants, killed), ...byReason(survivors, list), visible.line, ...wrong].join("\n"));
    return wrong.length === 0 && visible.share >= least;
  } finally {
    await server?.stop();
  }
}
