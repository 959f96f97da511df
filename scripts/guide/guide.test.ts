import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cases, tokenCases } from "../../packages/core/src/conformance/index.js";
import { readGuide, root } from "./guide.js";

// What can be said of the guide without doing what it says; main.ts does that.

const example = join(root, "examples", "custom-provider");

/** A release writes versions of its own into this workspace, whose packages are at hand as they are. */
function withoutVersions({ version, peerDependencies, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}

test("every section that a failure of the kit names is there", async () => {
  const { anchors } = await readGuide();
  const named = [...new Set([...cases, ...tokenCases].map(({ guide }) => guide))];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((anchor) => !anchors.has(anchor))).toEqual([]);
});

test("every link to a section leads to one", async () => {
  const { anchors, text } = await readGuide();
  const links = [...text.matchAll(/\]\((#[^)]*)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
});

test("examples/custom-provider is the guide's package", async () => {
  const { steps } = await readGuide();
  const files = steps.filter((step) => step.kind === "file").filter(({ path }) => path !== "app.mjs");
  expect(files.map(({ path }) => path).sort()).toEqual([
    "package.json",
    "src/conformance.ts",
    "src/index.ts",
    "src/provider.ts",
    "tsconfig.json",
  ]);
  for (const { path, text } of files) {
    const there = await readFile(join(example, path), "utf8");
    if (path.endsWith(".ts")) expect(there, path).toBe(text);
    else expect(JSON.parse(there), path).toMatchObject(withoutVersions(JSON.parse(text)));
  }
});

test("examples/custom-provider passes the kit", { timeout: 120_000 }, async (context) => {
  const sqlite = isBuiltin("node:sqlite");
  if (!sqlite) return context.skip(`Node ${process.versions.node} has no node:sqlite: 22.13 does; see check:guide`);
  const run = promisify(execFile);
  await run(process.execPath, [join(example, "node_modules", "typescript", "bin", "tsc")], { cwd: example });
  const args = ["--test", "--test-reporter=tap", "dist/conformance.js"];
  const { stdout } = await run(process.execPath, args, { cwd: example, maxBuffer: 1 << 24 });
  for (const line of [`# pass ${cases.length + 1}`, "# fail 0", "# skipped 0"]) expect(stdout).toContain(`\n${line}\n`);
});
