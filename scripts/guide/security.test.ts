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
  expect(promises.filter(({ name, path }) => !readFileSync(join(root, path), "utf8").includes(name))).toEqual([]);
});
