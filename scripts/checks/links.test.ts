import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, brokenLinks, linksOf, markdownFiles } from "./markdown.js";

const root = join(import.meta.dirname, "..", "..");

test("every relative link and anchor of every Markdown file of the repository leads somewhere", () => {
  const files = markdownFiles(root);
  const links = files.flatMap((file) => linksOf(readFileSync(join(root, file), "utf8")));
  expect(files.flatMap((file) => brokenLinks(root, file))).toEqual([]);
  expect(files.length).toBeGreaterThan(20);
  expect(links.length).toBeGreaterThan(50);
});

test("a link to nothing is found: file, heading of this file, heading of another, out of the repository", () => {
  const folder = mkdtempSync(join(tmpdir(), "sess-links-"));
  writeFileSync(join(folder, "a.md"), "# One `two`\n\n[a](b.md) [b](#one-two) [c](b.md#there)\n\n`[no](link)`\n");
  writeFileSync(
    join(folder, "b.md"),
    "## There\n\n[a](none.md)\n[b](#none)\n[c](a.md#none)\n[d](../out.md)\n[e]: gone.md\n```sh\n[no](link)\n```\n",
  );
  const found = markdownFiles(folder).flatMap((file) => brokenLinks(folder, file));
  rmSync(folder, { recursive: true });
  expect(found).toEqual([
    "b.md:3: none.md does not exist",
    "b.md:4: #none has no such heading",
    "b.md:5: a.md#none has no such heading",
    "b.md:6: ../out.md leads out of the repository",
    "b.md:7: gone.md does not exist",
  ]);
});

test("anchors are made as GitHub makes them", () => {
  const text = "# Guarantees & limits\n## `SESS_CONFIG`\n## What [core](x.md) promises, and why\n## Again\n## Again\n";
  expect([...anchorsOf(text)]).toEqual([
    "guarantees--limits",
    "sess_config",
    "what-core-promises-and-why",
    "again",
    "again-1",
  ]);
});
