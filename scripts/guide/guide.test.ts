import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cases, tokenCases } from "../../packages/core/src/conformance/index.js";
import { anchorsOf, blocksOf } from "../checks/markdown.js";
import { readGuide, root } from "./guide.js";

// Checks of the guide that need no execution of its steps; main.ts executes them.

const docs = "packages/core/docs";
const example = join(root, "examples", "custom-provider");

/** A release writes its own versions into this workspace, whose packages are used as they are. */
function withoutVersions({ version, peerDependencies, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return rest;
}

test("every section that a failure of the kit names is there", async () => {
  const { anchors } = await readGuide();
  const named = [...new Set(cases.map(({ guide }) => guide))];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  const page = await readFile(join(root, docs, "writing-a-token-provider.md"), "utf8");
  const sections = anchorsOf(page);
  const ofTokens = tokenCases.map(({ guide }) => guide);
  const there = (anchor: string) => (anchor.startsWith("#token") ? sections.has(anchor.slice(1)) : anchors.has(anchor));
  expect(ofTokens.filter((anchor) => !there(anchor))).toEqual([]);
});

test("every link to a section leads to one", async () => {
  const { anchors, text } = await readGuide();
  const links = [...text.matchAll(/\]\((#[^)]*)\)/g)].map(([, anchor = ""]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
});

test("the guide's pages link to nothing that is not in the tarball beside them", async () => {
  const pages = (await readdir(join(root, docs))).filter((name) => name.startsWith("writing-a-"));
  expect(pages.length).toBe(3);
  for (const page of pages) {
    const text = await readFile(join(root, docs, page), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]*)/g)].map(([, target = ""]) => target);
    expect(links.filter((target) => !pages.includes(target))).toEqual([]);
  }
});

test("examples/networked-provider is the provider of its page", async () => {
  const page = await readFile(join(root, docs, "writing-a-networked-provider.md"), "utf8");
  const block = blocksOf(page).find(({ name }) => name === "src/provider.ts");
  expect(await readFile(join(root, "examples", "networked-provider", "src", "provider.ts"), "utf8")).toBe(block?.text);
});

test("every case is named by the guide", async () => {
  const { text } = await readGuide();
  const ranges = ["expires-for-", "namespaces-"];
  const named = (id: string) => text.includes(id.replace(/-across-handles$/, ""));
  const unnamed = cases.map(({ id }) => id).filter((id) => !named(id) && !ranges.some((one) => id.startsWith(one)));
  expect(unnamed).toEqual([]);
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
  const lacks = ["outage", "readMany"];
  const skipped = cases.filter(({ needs }) => needs?.some((need) => lacks.includes(need))).length;
  for (const line of [`# pass ${cases.length + 1 - skipped}`, "# fail 0", `# skipped ${skipped}`])
    expect(stdout).toContain(`\n${line}\n`);
});
