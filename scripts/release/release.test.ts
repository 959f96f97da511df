import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addRepository, repositoryOf } from "./prepare.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sess-release-"));
  mkdirSync(join(root, "packages", "file"), { recursive: true });
  writeFileSync(join(root, "packages", "file", "package.json"), JSON.stringify({ name: "@sess/file", type: "module" }));
});
afterEach(() => rmSync(root, { recursive: true }));

test.each([
  [{}, undefined],
  [{ repository: "" }, undefined],
  [{ repository: { type: "git" } }, undefined],
  [{ repository: "git+https://example.com/sess.git" }, "git+https://example.com/sess.git"],
  [{ repository: { url: "git+https://example.com/sess.git" } }, "git+https://example.com/sess.git"],
])("the root that says %j has the repository %s", async (manifest, expected) => {
  writeFileSync(join(root, "package.json"), JSON.stringify(manifest));
  expect(await repositoryOf(root)).toBe(expected);
});

test("every package gets the one setting, and where it lies", async () => {
  await addRepository(root, "git+https://example.com/sess.git");
  expect(JSON.parse(readFileSync(join(root, "packages", "file", "package.json"), "utf8"))).toEqual({
    name: "@sess/file",
    type: "module",
    repository: { type: "git", url: "git+https://example.com/sess.git", directory: "packages/file" },
  });
});
