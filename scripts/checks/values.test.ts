import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { valueFaults } from "./values.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sess-values-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function faultsOf(declarations: string, module: string): Promise<string[]> {
  const [types, code] = [join(folder, "entry.d.mts"), join(folder, `entry-${Math.random()}.mjs`)];
  await writeFile(types, declarations);
  await writeFile(code, module);
  return valueFaults(types, code);
}

test("a class that a module does not export may be declared as a type only", { timeout: 60_000 }, async () => {
  const both = "export declare class Clock {} declare class Kit {} export declare const rules: {};";
  const module = "export class Clock {} export const rules = {};";
  expect(await faultsOf(`${both} export { type Kit };`, module)).toEqual([]);
  expect(await faultsOf(`${both} export { Kit };`, module)).toEqual(["Kit is declared as a value, and there is none"]);
  expect(await faultsOf("export declare class Clock {}", module)).toEqual(["rules is a value that is not declared"]);
});
