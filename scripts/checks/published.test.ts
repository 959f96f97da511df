import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { faultsOf, listing } from "./published.js";

const manifest = {
  name: "@sess/file",
  version: "0.1.0",
  description: "Sessions in files.",
  license: "BSD-3-Clause",
  author: "the @sess authors",
  repository: { type: "git", url: "git+https://example.com/sess.git", directory: "packages/file" },
  keywords: ["session"],
  engines: { node: ">=20.19" },
  sideEffects: ["./dist/index.js"],
  exports: {
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } as Record<string, string>,
    "./package.json": "./package.json",
  },
  peerDependencies: { "@sess/core": ">=0 <2" },
};
const sound = {
  "package.json": JSON.stringify(manifest),
  "dist/index.js": 'import { a } from "./chunk-ABCDEFGH.js";\nexport { a };\n',
  "dist/index.d.ts": 'export { a } from "./a.js";\n',
  "dist/a.d.ts": "export declare const a: number;\n",
  "dist/chunk-ABCDEFGH.js": "export const a = 1;\n",
  "README.md": "# Read me\n",
  LICENSE: "BSD-3-Clause\n",
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sess-published-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function faults(files: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "package", name)), { recursive: true });
    writeFileSync(join(folder, "package", name), text);
  }
  const tarball = join(folder, "x.tgz");
  execFileSync("tar", ["-czf", tarball, "-C", folder, "package"]);
  return faultsOf(tarball);
}

function withManifest(change: object): Record<string, string> {
  return { ...sound, "package.json": JSON.stringify({ ...manifest, ...change }) };
}

test("a tarball as it should be has no faults", async () => {
  expect(await faults(sound)).toEqual([]);
});

test.each([
  ["README.md", "no README.md"],
  ["LICENSE", "no LICENSE"],
  ["dist/index.d.ts", ".: no ./dist/index.d.ts"],
  ["dist/chunk-ABCDEFGH.js", "dist/index.js imports ./chunk-ABCDEFGH.js, which is not there"],
  ["dist/a.d.ts", "dist/index.d.ts imports ./a.js, which is not there"],
])("without %s it has one", async (missing, fault) => {
  const { [missing]: _, ...rest } = sound as Record<string, string>;
  expect(await faults(rest)).toEqual([fault]);
});

test.each([
  [
    { peerDependencies: { "@sess/core": "workspace:^" } },
    "a range begins with workspace:, which only this repository knows",
  ],
  [{ peerDependencies: {} }, "core is no peer dependency: an application could get two"],
  [{ dependencies: { "@sess/core": "^1.0.0" } }, "core is a dependency: an application could get two"],
  [{ engines: {} }, "engines.node: undefined"],
  [{ license: "MIT" }, "license: MIT"],
  [{ description: "" }, "no description"],
  [{ keywords: [] }, "no keywords"],
  [{ author: undefined }, "no author"],
  [{ funding: "https://example.com" }, "funding, where there is none"],
  [{ repository: undefined }, "no repository: npm run release puts it in"],
  [{ repository: { url: "x", directory: "packages/core" } }, "no repository: npm run release puts it in"],
  [{ sideEffects: undefined }, "sideEffects: none"],
  [
    { exports: { ".": { default: "./dist/index.js", types: "./dist/index.d.ts" } } },
    ".: the conditions are default,types",
  ],
])("a manifest with %j has a fault", async (change, fault) => {
  expect(await faults(withManifest(change))).toEqual([fault]);
});

test("sources are noticed, as a file and as a condition", async () => {
  const exports = { ".": { "@sess/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" } };
  expect(await faults({ ...withManifest({ exports }), "src/index.ts": "" })).toEqual([
    "an export has a condition that leads to sources",
    ".: the conditions are @sess/source,types,default",
    "src/index.ts is of no kind that is published",
  ]);
});

test.each([
  ['import { hash } from "crypto";', "crypto"],
  ["import 'fs/promises';", "fs/promises"],
  ['const x = await import("http");', "http"],
  ['const x = require("util");', "util"],
])("a builtin without node: is a fault: %s", async (line, name) => {
  const text = `${sound["dist/index.js"]}${line}\n`;
  expect(await faults({ ...sound, "dist/index.js": text })).toEqual([`dist/index.js imports ${name} without node:`]);
  const prefixed = text.replace(name, `node:${name}`);
  expect(await faults({ ...sound, "dist/index.js": prefixed })).toEqual([]);
});

test("a link leads into the tarball, or is absolute", async () => {
  const readme = [
    "# Read me",
    "[a](LICENSE) [b](https://example.com/x.md) [c](#read-me) [d](docs/more.md#there) [e](docs)",
    "[f](../core/README.md)",
    "[g](decisions/001.md)",
    "[h](docs/more.md#elsewhere) [i](#none)",
  ].join("\n");
  expect(await faults({ ...sound, "README.md": readme, "docs/more.md": "## There\n[up](../README.md)\n" })).toEqual([
    "README.md:3: ../core/README.md is not in the tarball",
    "README.md:4: decisions/001.md is not in the tarball",
    "README.md:5: docs/more.md#elsewhere has no such heading",
    "README.md:5: #none has no such heading",
  ]);
});

test("a list of files names a bundler's chunks without their hashes", () => {
  expect(listing(["dist/manager-DWlsVIfP.d.ts", "dist/chunk-ABCDEFGH.js", "dist/index.js"])).toEqual([
    "dist/chunk-<hash>.js",
    "dist/index.js",
    "dist/manager-<hash>.d.ts",
  ]);
});
