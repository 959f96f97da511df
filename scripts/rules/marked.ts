import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** The piece of source below a marker. */
export interface Marked {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

const form = /^\/\/ rule: ([a-z-]+)$/;

/** Every `// rule: <marker>` in a folder's sources without tests. Throws if a marker appears twice. */
export function markersIn(folder: string): Map<string, Marked> {
  const found = new Map<string, Marked>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    for (const [marker, place] of markersOf(join(folder, name))) {
      if (found.has(marker)) throw new Error(`the marker "${marker}" stands in two places`);
      found.set(marker, place);
    }
  }
  return found;
}

function markersOf(path: string): [marker: string, place: Marked][] {
  const text = readFileSync(path, "utf8");
  if (!text.includes("// rule: ")) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: [string, Marked][] = [];
  const seen = new Set<number>();
  const visit = (node: ts.Node): void => {
    // The outermost node below the comment comes first: a statement, a member or a property.
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) {
      const marker = form.exec(text.slice(pos, end))?.[1];
      if (marker === undefined || seen.has(pos)) continue;
      seen.add(pos);
      found.push([marker, { path, start: node.getStart(source), end: node.getEnd() }]);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

/** Replaces the source below a marker by `to`. */
export function replaceMarked({ path, start, end }: Marked, to: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, start) + to + text.slice(end));
}
