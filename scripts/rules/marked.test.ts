import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { markersIn, replaceMarked } from "./marked.js";
import { rules } from "./rules.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sess-rules-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const source = `export const limits = {
  // rule: a-property
  marker: 120,
  other: 1,
};
export function f(a: number): number {
  // The reason.
  // rule: a-statement
  if (a > 1) return 2;
  else a = 3;
  return a;
}
`;

test.each([
  ["a-property", "marker: 20", source.replace("marker: 120", "marker: 20")],
  ["a-statement", "", source.replace("if (a > 1) return 2;\n  else a = 3;", "")],
])("what stands below the marker %s is replaced, and nothing else", (marker, to, expected) => {
  writeFileSync(join(folder, "a.ts"), source);
  const place = markersIn(folder).get(marker);
  if (place !== undefined) replaceMarked(place, to);
  expect(readFileSync(join(folder, "a.ts"), "utf8")).toBe(expected);
});

test("a marker that stands twice is an error", () => {
  for (const name of ["a.ts", "b.ts"]) writeFileSync(join(folder, name), source);
  expect(() => markersIn(folder)).toThrow("stands in two places");
});

test("every rule has its marker in core's sources, and every marker a rule", () => {
  const inSources = [...markersIn(join(import.meta.dirname, "..", "..", "packages", "core", "src")).keys()];
  expect(inSources.sort()).toEqual([...new Set(rules.map(({ marker }) => marker))].sort());
});
