import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// Every TypeScript block of every README compiles by itself, against the packages as they are.

const root = join(import.meta.dirname, "..");
const folder = join(root, ".tmp", "snippets");

/** The packages by their published names: nothing is installed where the snippets lie. */
function paths(): Record<string, string[]> {
  const found: Record<string, string[]> = { "@sess/core/conformance": [source("core/src/conformance/index.ts")] };
  for (const name of readdirSync(join(root, "packages"))) {
    const entry = source(`${name}/src/index.ts`);
    if (existsSync(entry)) found[`@sess/${name}`] = [entry];
  }
  return found;
}

function source(path: string): string {
  return join(root, "packages", path);
}

async function extract(readme: string): Promise<number> {
  const text = await readFile(join(root, readme), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  for (const [index, block] of blocks.entries()) {
    const line = text.slice(0, block.index).split("\n").length;
    const name = `${readme.replaceAll("/", "-").replace(/\.md$/, "")}-${index + 1}.ts`;
    await writeFile(join(folder, name), `// ${readme}, line ${line}\n${block[1]}\nexport {};\n`);
  }
  return blocks.length;
}

test("every TypeScript block of every README compiles", { timeout: 60_000 }, async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let found = 0;
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
  for (const readme of ["README.md", ...packages.map((path) => `${path}/README.md`)]) found += await extract(readme);
  const extended = { extends: join(root, "tsconfig.base.json"), include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ ...extended, compilerOptions: { paths: paths() } }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const run = promisify(execFile)(process.execPath, [tsc, "-p", folder]);
  expect(
    await run.then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    ),
  ).toBe("");
  expect(found).toBeGreaterThan(5);
});
