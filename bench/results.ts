import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "results");

/** Writes a file of `results`. */
export function keepText(name: string, content: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), content);
}

export function keepJson(name: string, value: unknown): void {
  keepText(name, `${JSON.stringify(value, null, 1)}\n`);
}

/** The stored results of an earlier run; undefined if there was none. */
export function kept(name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
