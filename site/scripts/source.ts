import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slugOf } from "../../scripts/checks/markdown.js";

export const root = join(import.meta.dirname, "..", "..");

/** A heading of a Markdown file, or a paragraph in bold that heads a table. */
export interface Heading {
  readonly line: number;
  /** 1 to 6; of a paragraph in bold 7. */
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

/** A Markdown file of the repository, by lines. */
export interface Source {
  /** Relative to the root. */
  readonly file: string;
  readonly lines: readonly string[];
  readonly headings: readonly Heading[];
  /** Whether a line stands in a block of code. */
  readonly isCode: readonly boolean[];
}

export function readSource(file: string): Source {
  const lines = readFileSync(join(root, file), "utf8").trimEnd().split("\n");
  const isCode: boolean[] = [];
  const headings: Heading[] = [];
  const seen = new Map<string, number>();
  let fence = false;
  lines.forEach((line, index) => {
    const isFence = /^ *```/.test(line);
    isCode.push(fence || isFence);
    if (isFence) fence = !fence;
    if (isCode[index]) return;
    const [, marks, title, bold] = /^(?:(#{1,6}) +(.*?)(?: #+)?|\*\*([^*]+)\*\*)$/.exec(line) ?? [];
    const text = title ?? bold;
    if (text === undefined) return;
    const slug = slugOf(text);
    const before = seen.get(slug) ?? 0;
    // As in scripts/checks/markdown.ts: a paragraph in bold has no anchor there, so it takes none away.
    if (marks !== undefined) seen.set(slug, before + 1);
    const anchor = before === 0 ? slug : `${slug}-${before}`;
    headings.push({ line: index, level: marks?.length ?? 7, text, anchor });
  });
  return { file, lines, headings, isCode };
}

/** Where a section ends: at the next heading of its level or above; `next` is where any other heading stands. */
export function rangeOf(source: Source, anchor: string): { heading: Heading; end: number; next: number } {
  const { headings, lines, file } = source;
  const at = anchor === "" ? 0 : headings.findIndex((each) => each.anchor === anchor);
  const heading = headings[at];
  if (heading === undefined) throw new Error(`${file} has no section #${anchor}`);
  const line = (ends: (each: Heading) => boolean) => headings.slice(at + 1).find(ends)?.line ?? lines.length;
  return { heading, end: line(({ level }) => level <= heading.level), next: line(({ level }) => level < 7) };
}

/** A heading as plain text. */
export function plain(text: string): string {
  return text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*_]/g, "");
}
