import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf } from "../checks/markdown.js";

// What the page on frameworks shows of an example is what `npm run check:frameworks` runs.

const root = join(import.meta.dirname, "..", "..");
const page = await readFile(join(root, "packages/core/docs/frameworks.md"), "utf8");
const shown = blocksOf(page).filter(({ name }) => name.startsWith("examples/"));

test("there are such blocks", () => {
  expect(shown.length).toBeGreaterThan(2);
});

test.each(shown)("line $line is in $name", async ({ name, text }) => {
  expect(await readFile(join(root, name), "utf8")).toContain(text);
});
