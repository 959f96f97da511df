import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const skipped = new Set(["node_modules", "dist", "coverage", ".git", ".tmp"]);

/** The Markdown files below a folder, relative to it, sorted. */
export function markdownFiles(root: string): string[] {
  const found: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) folders.push(path);
      else if (entry.isFile() && entry.name.endsWith(".md")) found.push(relative(root, path));
    }
  }
  return found.sort();
}

/** A block between fences. */
export interface Block {
  readonly language: string;
  /** What stands after the language: a file that the reader is to make. */
  readonly name: string;
  /** Where its content begins. */
  readonly line: number;
  readonly text: string;
}

export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^ *```(\w*) *([^\n]*)\n(.*?)^ *```$/gms)].map((match) => ({
    language: match[1] ?? "",
    name: match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length + 1,
    text: match[3] ?? "",
  }));
}

/** What a text calls by `npm run` or npm's short forms, in its code: the names of scripts. */
export function npmScripts(text: string): string[] {
  const code = [
    ...blocksOf(text).map((block) => block.text),
    ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, one]) => one),
  ];
  const calls = code.join("\n").matchAll(/\bnpm (?:run (?:--?[\w-]+ )*([\w:-]+)|(test|start)\b)/g);
  return [...new Set([...calls].map((call) => call[1] ?? call[2] ?? ""))];
}

/** The files that a text runs by `npx tsx`. */
export function tsxFiles(text: string): string[] {
  return [...text.matchAll(/\bnpx tsx ([\w./-]+)/g)].map(([, file = ""]) => file);
}

/** Links of a text to files and headings: neither those with a scheme nor those in code. */
export function linksOf(text: string): { readonly target: string; readonly line: number }[] {
  const prose = text.replace(/^ *```.*?^ *```$/gms, blank).replace(/`[^`\n]*`/g, blank);
  const inline = prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g);
  const references = prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm);
  return [...inline, ...references]
    .map((match) => ({ target: match[1] ?? "", line: prose.slice(0, match.index).split("\n").length }))
    .filter(({ target }) => !/^[a-z][a-z+.-]*:/i.test(target));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** The anchors of a text's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const found = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.replace(/^ *```.*?^ *```$/gms, blank).matchAll(/^#{1,6} +(.*?)(?: #+)?$/gm)) {
    const slug = slugOf(heading);
    const before = found.get(slug) ?? 0;
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
    found.set(slug, before + 1);
  }
  for (const [, id = ""] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
}

/** What is wrong with the links of one file; empty when each leads to a file below `root`, and to a heading there. */
export function brokenLinks(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return linksOf(text).flatMap(({ target, line }) => {
    const [path = "", anchor] = target.split("#");
    const to = path === "" ? join(root, file) : resolve(root, dirname(file), decodeURIComponent(path));
    const at = `${file}:${line}: ${target}`;
    if (relative(root, to).startsWith("..")) return [`${at} leads out of the repository`];
    if (!existsSync(to)) return [`${at} does not exist`];
    if (anchor === undefined || !to.endsWith(".md")) return [];
    return anchorsOf(readFileSync(to, "utf8")).has(decodeURIComponent(anchor)) ? [] : [`${at} has no such heading`];
  });
}
