/**
 * Switches each rule of core off, one at a time, and checks that its test fails: a test that passes without its rule
 * proves nothing. Each rule is one edit of the source, made on a copy.
 *
 *     npm run rules-off
 *     npm run rules-off -- <words>    those whose name, file or test holds the words
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { markersIn, replaceMarked } from "./rules/marked.js";
import { type Rule, rules } from "./rules/rules.js";

const root = join(import.meta.dirname, "..");
const work = join(root, ".tmp", "rules-off");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

/** The files that contain the rules' tests. */
const files = [
  "src/backend/{rules,owners,handles,deadlines,async-context,leftovers,waiting}.test.ts",
  "src/http/max-age.test.ts",
  "src/manager/several-ids.test.ts",
  "src/record/envelope.test.ts",
  "src/session/lasting.test.ts",
  "test/session/{order,after-the-end}.test.ts",
  "test/express-session/migration.test.ts",
];

/** A copy of core's source, with one edit or none. */
function copy(name: string, edit?: Rule): string {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "test-support", "test/session", "test/express-session"]) {
    cpSync(join(root, "packages", "core", part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "vitest.config.mjs"), `export default { test: { include: ${JSON.stringify(files)} } };\n`);
  if (edit === undefined) return folder;
  const place = markersIn(join(folder, "src")).get(edit.marker);
  if (place === undefined) throw new Error(`core has no "// rule: ${edit.marker}"`);
  replaceMarked(place, edit.to);
  return folder;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

interface Test {
  /** Within the copy. */
  readonly file: string;
  readonly title: string;
  readonly failed: boolean;
}

/** The results of the tests, or of those in one file if it is given; undefined if the copy did not run at all. */
async function testsOf(folder: string, ...only: readonly string[]): Promise<readonly Test[] | undefined> {
  const report = join(folder, "report.json");
  const options = ["run", "--root", folder, "--testTimeout", "4000", "--reporter", "json", "--outputFile", report];
  const child = spawn(process.execPath, [vitest, ...options, ...only], { stdio: "ignore" });
  await new Promise((resolve) => child.on("close", resolve));
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
    const tests = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ title, status }) => ({
        file: relative(folder, name),
        title,
        failed: status === "failed",
      })),
    );
    return tests.length === 0 ? undefined : tests;
  } catch {
    return undefined;
  }
}

/** Runs the file that contains the rule's test, and no other. */
async function check(rule: Rule, index: number, untouched: readonly Test[]): Promise<boolean> {
  const stands = ({ title }: Test) => title.startsWith(rule.test);
  const file = untouched.find(stands)?.file;
  const tests = file === undefined ? undefined : await testsOf(copy(String(index), rule), file);
  const caught = tests?.some((test) => test.failed && stands(test)) ?? false;
  console.log(`${caught ? "caught" : "MISSED"}  ${rule.rule}\n        by: ${rule.test}`);
  if (file === undefined) console.log("        there is no such test");
  else if (tests === undefined) console.log("        the copy did not run");
  return caught;
}

rmSync(work, { recursive: true, force: true });
const untouched = (await testsOf(copy("none"))) ?? [];
const failing = untouched.filter(({ failed }) => failed);
if (untouched.length === 0 || failing.length > 0) {
  console.log(
    `the rules' tests must pass first: ${failing.map(({ title }) => title).join("; ") || "they did not run"}`,
  );
  process.exit(1);
}
const results: boolean[] = [];
const words = process.argv.slice(2).join(" ");
const queue = [...rules.entries()].filter(([, { rule, marker, test }]) => `${rule} ${marker} ${test}`.includes(words));
const worker = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    results.push(await check(next[1], next[0], untouched));
  }
};
await Promise.all([worker(), worker()]);
rmSync(work, { recursive: true, force: true });
const missed = results.filter((caught) => !caught).length;
console.log(`${results.length - missed} rules switched off were noticed, ${missed} were not`);
process.exit(missed === 0 ? 0 : 1);
