import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./guide.js";

test("each promise of SECURITY.md is held by the test that it names", () => {
  const text = readFileSync(join(root, "SECURITY.md"), "utf8");
  const links = [...text.matchAll(/\[([^\]]+)\]\(([^)#]+)\)/g)].map(([, name = "", path = ""]) => ({
    name: name.replace(/\s+/g, " "),
    path,
  }));
  expect(links.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  const promises = links.filter(({ path }) => /\.test\.ts$|\/cases\//.test(path));
  expect(promises.length).toBeGreaterThan(30);
  expect(promises.filter(({ name, path }) => !titlesIn(readFileSync(join(root, path), "utf8")).includes(name))).toEqual(
    [],
  );
});

test("what a test only does, or a comment says, is no title", () => {
  const source =
    'test.each([\n  ["one way", 1],\n])("is held, by %s", () => {\n  expect(text).toBe("not this");\n}); // nor this';
  expect(titlesIn(source)).toContain("is held");
  expect(titlesIn(source)).toContain("one way");
  for (const none of ["not this", "nor this"]) expect(titlesIn(source)).not.toContain(none);
});

/** The names of tests and cases, as far as they are on the lines on which such texts begin. */
function titlesIn(source: string): string {
  const title = /(?:^\s*\[?|\b(?:test|describe|it)\b[^"'`]*\(|\)\(|\b(?:name|title|guarantee):\s*)(["'`])(.*)/;
  return source
    .split("\n")
    .map((line) => title.exec(line)?.[2] ?? "")
    .join("\n");
}
