import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The packages that are measured against ours or under it, with their versions: exact, and installed by the lockfile. */
export function versions(): string {
  const manifest = readFileSync(join(import.meta.dirname, "package.json"), "utf8");
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(manifest);
  const others = Object.entries(dependencies).filter(([name]) => !name.startsWith("@sess/"));
  return others.map(([name, version]) => `${name} ${version}`).join(", ");
}
