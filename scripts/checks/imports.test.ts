import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkImports } from "./imports.js";

const coreManifest = {
  name: "@sess/core",
  exports: {
    ".": { "@sess/source": "./src/index.ts", default: "./dist/index.js" },
    "./express": { "@sess/source": "./src/adapters/express.ts", default: "./dist/express.js" },
    "./conformance": { types: "./dist/conformance.d.ts", default: "./dist/conformance.js" },
    "./package.json": "./package.json",
  },
};

/** A tree that keeps every rule; each test breaks one. */
const sound: Record<string, string> = {
  "packages/core/package.json": JSON.stringify(coreManifest),
  "packages/core/src/provider.ts": "export interface Provider {}\n",
  "packages/core/src/index.ts":
    'import { createHash } from "node:crypto";\nexport type { Provider } from "./provider.js";\nexport * from "./session.js";\n',
  "packages/core/src/session.ts": 'import type { Provider } from "./provider.js";\nexport const session = 1;\n',
  "packages/core/src/adapters/express.ts": 'import type { session } from "../index.js";\n',
  "packages/core/src/conformance.ts": 'import assert from "node:assert";\nimport { session } from "./session.js";\n',
  "packages/core/src/session.test.ts": 'import { it } from "vitest";\nimport "../../redis/src/index.js";\n',
  "packages/redis/package.json": JSON.stringify({ name: "@sess/redis" }),
  "packages/redis/src/index.ts":
    'import { session } from "@sess/core";\nimport "@sess/core/conformance";\nimport Redis from "ioredis";\nimport "./provider.js";\n',
  "packages/redis/src/provider.ts": 'import { createConnection } from "net";\n',
  "packages/file/package.json": JSON.stringify({ name: "@sess/file" }),
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "imports-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function check(changes: Record<string, string> = {}) {
  for (const [name, text] of Object.entries({ ...sound, ...changes })) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return checkImports(root);
}

function violations(changes: Record<string, string>): string[] {
  return check(changes).violations.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe("import rules", () => {
  it("find nothing wrong with a sound tree, and count what they looked at", () => {
    expect(check()).toEqual({ packages: 3, files: 7, imports: 12, reachable: 3, others: 1, violations: [] });
  });

  it("keep the contract free of imports, of types as well", () => {
    const file = "packages/core/src/provider.ts";
    expect(violations({ [file]: '\nimport type { X } from "node:fs";\n' })).toEqual([
      `${file}:2: the contract imports nothing, but here "node:fs"`,
    ]);
    expect(violations({ [file]: 'export type X = import("node:fs").Stats;\n' })).toHaveLength(1);
  });

  it("keep adapters and the kit away from the root entry, however far down", () => {
    const file = "packages/core/src/session.ts";
    expect(violations({ [file]: 'export type { X } from "./conformance.js";\n', ...withoutBackEdge })).toEqual([
      `${file}:1: the root entry reaches the entry "./conformance" through this`,
    ]);
    expect(violations({ [file]: 'const x = await import("./adapters/express");\n', ...withoutBackEdge })).toEqual([
      `${file}:1: the root entry reaches the entry "./express" through this`,
    ]);
  });
  const withoutBackEdge = {
    "packages/core/src/conformance.ts": "export type X = 1;\n",
    "packages/core/src/adapters/express.ts": "export type X = 1;\n",
  };

  it("keep core to node: builtins and its own files", () => {
    const file = "packages/core/src/conformance.ts";
    expect(violations({ [file]: 'import { it } from "vitest";\n' })).toEqual([`${file}:1: core imports "vitest"`]);
    expect(violations({ [file]: 'import fs = require("fs");\n' })).toEqual([`${file}:1: core imports "fs"`]);
    expect(violations({ [file]: '/// <reference types="vitest" />\n' })).toEqual([`${file}:1: core imports "vitest"`]);
    expect(violations({ [file]: 'import "@sess/core";\n' })).toEqual([`${file}:1: core imports "@sess/core"`]);
    expect(violations({ [file]: 'import "../../redis/src/provider.js";\n' })).toEqual([
      `${file}:1: "../../redis/src/provider.js" reaches into another package`,
    ]);
  });

  it("keep providers apart", () => {
    const file = "packages/redis/src/index.ts";
    const files = { "packages/file/src/index.ts": "export const x = 1;\n" };
    expect(violations({ ...files, [file]: 'import type {} from "@sess/file";\n' })).toEqual([
      `${file}:1: @sess/redis imports @sess/file`,
    ]);
    expect(violations({ ...files, [file]: 'import "@sess/file/provider";\n' })).toEqual([
      `${file}:1: @sess/redis imports @sess/file`,
    ]);
    expect(violations({ ...files, [file]: 'import "../../file/src/index.js";\n' })).toEqual([
      `${file}:1: "../../file/src/index.js" reaches into another package`,
    ]);
  });

  it("keep providers to what core publishes", () => {
    const file = "packages/redis/src/index.ts";
    expect(violations({ [file]: '\n\nimport "@sess/core/src/session.js";\n' })).toEqual([
      `${file}:3: "@sess/core/src/session.js" is not among what core publishes`,
    ]);
    expect(violations({ [file]: 'import "../../core/src/session.js";\n' })).toEqual([
      `${file}:1: "../../core/src/session.js" reaches into another package`,
    ]);
  });

  it("find circles, those of types and those of one file as well", () => {
    const provider = "packages/redis/src/provider.ts";
    expect(violations({ [provider]: 'import type {} from "./index.js";\n' })).toEqual([
      `${provider}:1: imports in a circle: src/index.ts -> src/provider.ts -> src/index.ts`,
    ]);
    expect(violations({ [provider]: 'import "./provider.js";\n' })).toEqual([
      `${provider}:1: imports in a circle: src/provider.ts -> src/provider.ts`,
    ]);
  });

  it("find circles among what is no package's source as well: tests, torture, bench, scripts", () => {
    const back = 'import type {} from "./a.js";\n';
    for (const folder of [
      "torture/simulator",
      "bench",
      "scripts",
      "packages/redis/test",
      "packages/core/test-support",
    ]) {
      const files = { [`${folder}/a.ts`]: 'import "./b.js";\n', [`${folder}/b.ts`]: back };
      expect(violations(files)).toEqual([
        `${folder}/b.ts:1: imports in a circle: ${folder}/a.ts -> ${folder}/b.ts -> ${folder}/a.ts`,
      ]);
      for (const name of Object.keys(files)) rmSync(join(root, name));
    }
    expect(violations({ "bench/a.mjs": 'import "./b.mjs";\n', "bench/b.mjs": 'import "./a.mjs";\n' })).toHaveLength(1);
  });

  it("do not pass over what they cannot check", () => {
    const file = "packages/redis/src/provider.ts";
    expect(violations({ [file]: "await import(process.env.X);\n" })).toEqual([
      `${file}:1: an import whose specifier is computed cannot be checked`,
    ]);
    expect(violations({ [file]: 'import "./nothing.js";\n' })).toEqual([`${file}:1: "./nothing.js" is no file`]);
    const exports = { ".": "./dist/index.js", "./koa": "./dist/koa.js" };
    const manifest = { "packages/core/package.json": JSON.stringify({ name: "@sess/core", exports }) };
    expect(violations({ ...manifest, [file]: "", "packages/redis/src/index.ts": "" })).toEqual([
      'packages/core/package.json:1: the entry "./koa" has no source src/koa.ts',
    ]);
  });
});
