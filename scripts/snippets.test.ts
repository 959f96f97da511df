import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// Every TypeScript block of every README compiles by itself. Each lies inside its package while that happens: so it
// sees what the package depends on, and the packages by their published names.

const root = join(import.meta.dirname, "..");

/** Writes a README's blocks into a package; answers how many there were. */
async function extract(readme: string, folder: string): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const text = await readFile(join(root, readme), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)];
  for (const [index, block] of blocks.entries()) {
    const line = text.slice(0, block.index).split("\n").length;
    await writeFile(join(folder, `${index + 1}.ts`), `// ${readme}, line ${line}\n${block[1]}\nexport {};\n`);
  }
  return blocks.length;
}

test("every TypeScript block of every README compiles", { timeout: 120_000 }, async () => {
  const work = (name: string, part: string) => join(root, "packages", name, ".tmp", part);
  const packages = readdirSync(join(root, "packages")).filter((name) =>
    existsSync(join(root, "packages", name, "src", "index.ts")),
  );
  let found = await extract("README.md", work("core", "root"));
  for (const name of packages) found += await extract(`packages/${name}/README.md`, work(name, "readme"));
  const include = [work("core", "root"), ...packages.map((name) => work(name, "readme"))].map((path) => `${path}/*.ts`);
  const project = join(root, ".tmp", "snippets");
  await mkdir(project, { recursive: true });
  const config = {
    extends: join(root, "tsconfig.base.json"),
    include,
    compilerOptions: { typeRoots: [join(root, "node_modules", "@types")] },
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const run = promisify(execFile)(process.execPath, [tsc, "-p", project]);
  expect(
    await run.then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    ),
  ).toBe("");
  expect(found).toBeGreaterThan(10);
});
