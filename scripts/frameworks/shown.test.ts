import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf } from "../checks/markdown.js";

// What the pages on frameworks show of an example is what `npm run check:frameworks` runs.

const root = join(import.meta.dirname, "..", "..");
const shown = (await Promise.all(["frameworks.md", "recipes.md"].map(blocksIn))).flat();

async function blocksIn(page: string) {
  const text = await readFile(join(root, "packages/core/docs", page), "utf8");
  return blocksOf(text).flatMap((block) => (block.name.startsWith("examples/") ? [{ page, ...block }] : []));
}

test("there are such blocks", () => {
  expect(shown.length).toBeGreaterThan(2);
});

test.each(shown)("line $line of $page is in $name", async ({ name, text }) => {
  expect(await readFile(join(root, name), "utf8")).toContain(text);
});
