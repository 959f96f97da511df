import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { handMade, mutateByHand } from "./by-hand.js";
import type { Mutant } from "./mutants.js";
import { differences, handLines, parseList, survivorLines } from "./survivors.js";

const source = "function f(a) {\n  if (a > 1) return `a`;\n  return a > 1;\n}\n";

function mutant(status: Mutant["status"], [line, from, to]: readonly [number, number, number]): Mutant {
  return {
    id: "0",
    fileName: "/somewhere/src/f.ts",
    mutatorName: "EqualityOperator",
    replacement: "a >= 1",
    status,
    location: { start: { line, column: from }, end: { line, column: to } },
  };
}

const survivor = "- `f.ts` `return a > 1;`: `a > 1` becomes `a >= 1`";
const quoted = "- `f.ts` `if (a > 1) return 'a';`: `a > 1` becomes `a >= 1`";
const list = `# Survivors\n\n## equivalent\n\nThey say the same.\n\n${survivor}\n`;

test("a survivor is named by its text and not by its place; what was killed is not named", () => {
  const mutants = [mutant("Survived", [3, 10, 15]), mutant("NoCoverage", [2, 7, 12]), mutant("Timeout", [2, 7, 12])];
  const moved = (text: string) => [...survivorLines(mutants, "src/", () => text).keys()];
  expect(moved(source)).toEqual([survivor, quoted]);
});

test("survivors that look alike are counted", () => {
  const mutants = [mutant("Survived", [3, 10, 15]), mutant("Survived", [3, 10, 15])];
  expect([...survivorLines(mutants, "src/", () => source)]).toEqual([[`${survivor} (2 times)`, 2]]);
});

test("nothing is wrong where the list is what came", () => {
  expect(differences(new Map([[survivor, 1]]), parseList(list))).toEqual([]);
});

test("a survivor that is not listed, one that is killed, and one without a reason are all wrong", () => {
  expect(differences(new Map([[quoted, 1]]), parseList(list))).toEqual([
    `survives and is not in the list:\n${quoted}`,
    `is in the list and is killed:\n${survivor}`,
  ]);
  const unreasoned = parseList(list.replace("They say the same.\n", ""));
  expect(differences(new Map([[survivor, 1]]), unreasoned)).toEqual([
    `stands in the list without a reason, or twice:\n${survivor}`,
  ]);
});

test("a mutation by hand is made once, where its text stands once", () => {
  const { file = "", mutations = [] } = handMade.redis ?? {};
  const { from, to } = mutations[0] ?? { from: "", to: "" };
  expect(mutateByHand("redis", file, `a ${from} b`, "0")).toBe(`a ${to} b`);
  expect(mutateByHand("redis", file, `a ${from} b`, undefined)).toBe(`a ${from} b`);
  expect(mutateByHand("redis", "another.ts", `a ${from} b`, "0")).toBe(`a ${from} b`);
  expect(() => mutateByHand("redis", file, `${from} ${from}`, "0")).toThrow("holds 2 times");
  const allBut = mutations.map((_, number) => number !== 0);
  expect(handLines("redis", allBut)).toEqual([`- Lua \`${from}\` becomes \`${to}\``]);
});

test.each(Object.entries(handMade))(
  "%s: each mutation by hand has its place in the source",
  (name, { file, mutations }) => {
    const source = readFileSync(join(import.meta.dirname, "../../packages", file), "utf8");
    for (const number of mutations.keys()) expect(mutateByHand(name, file, source, `${number}`)).not.toBe(source);
  },
);
