import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import type { Layout, Page, Part } from "./layout.js";
import { directive } from "./layout.js";
import { root, type Source } from "./source.js";

/** What a page's Markdown is made with. */
export interface Rendering {
  readonly layout: Layout;
  /** What stands in the place of a line `<!-- NAME -->` of a file in `site/pages`. */
  readonly inserts: Readonly<Record<string, () => string>>;
  /** Pictures that the pages show: files of the repository. */
  readonly pictures: Set<string>;
}

export function renderPage(page: Page, rendering: Rendering): string {
  const body =
    page.own === undefined
      ? page.parts.map((part) => renderPart(part, rendering)).join("\n\n")
      : ownPage(page, page.own, rendering);
  const begins = page.own?.lines[0] === "---" ? "" : `---\ntitle: ${JSON.stringify(page.title)}\n---\n\n`;
  return `${begins}${body}\n`;
}

function ownPage(page: Page, source: Source, rendering: Rendering): string {
  const parts = page.parts.filter((part) => part.source !== source);
  return source.lines
    .map((line, at) => {
      if (source.isCode[at]) return line;
      if (directive.test(line)) return renderPart(parts.shift() as Part, rendering);
      const insert = rendering.inserts[/^<!-- (\S+) -->$/.exec(line)?.[1] ?? ""];
      return insert === undefined ? relink(line, source.file, rendering) : insert();
    })
    .join("\n");
}

function renderPart(part: Part, rendering: Rendering): string {
  const { source, from, end } = part;
  const lines: string[] = [];
  const shift = shiftOf(part);
  for (let at = from; at < end; at++) {
    const line = source.lines[at] ?? "";
    if (!part.owns(at)) continue;
    const heading = source.headings.find((each) => each.line === at);
    if (source.isCode[at]) lines.push(...code(line));
    else if (heading === undefined) lines.push(line);
    else if (at === from && part.heading !== "kept") lines.push(part.heading === "title" ? `# ${heading.text}` : "");
    else if (heading.level === 7) lines.push(at === from ? `## ${heading.text}` : line);
    else lines.push(`${"#".repeat(Math.min(6, heading.level + shift))} ${heading.text}`);
  }
  return relink(lines.join("\n"), source.file, rendering);
}

/** How much lower the headings of a part stand on its page, which has one title. */
function shiftOf({ source, from, end, heading, owns }: Part): number {
  const inside = source.headings.filter(({ line, level }) => line >= from && line < end && level < 7 && owns(line));
  const [first, ...rest] = inside.map(({ level }) => level);
  return heading === "kept" ? 2 - (first ?? 2) : 2 - Math.min(...rest);
}

/** A fence that names a file gets the name above it; reports of the API are TypeScript. */
function code(line: string): string[] {
  const [, indent, language, name] = /^( *)```(\w+) +([\w./-]+)$/.exec(line) ?? [];
  if (name === undefined) return [line];
  return [`${indent}\`${name}\``, "", `${indent}\`\`\`${language}`];
}

/** Links of a file become links of the site: to a page, to a picture; to anything else they become plain text. */
function relink(text: string, file: string, rendering: Rendering): string {
  let fence = false;
  const prose: string[] = [];
  const blocks: string[] = [];
  for (const line of text.split("\n")) {
    const isFence = /^ *```/.test(line);
    if (isFence && !fence) blocks.push("");
    if (isFence || fence) blocks[blocks.length - 1] += `${line}\n`;
    else prose.push(line);
    if (isFence && fence) prose.push(`\u0000${blocks.length - 1}\u0000`);
    if (isFence) fence = !fence;
  }
  return prose
    .join("\n")
    .replace(
      /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(\s*([^)\s]+)\s*\)/g,
      (whole, picture: string, label: string, target: string) => {
        if (/^[a-z][a-z+.-]*:/i.test(target) || target.startsWith("/")) return whole;
        const to = targetOf(target, file, rendering, picture === "!");
        return to === undefined ? label : `${picture}[${label}](${to})`;
      },
    )
    .replace(/\u0000(\d+)\u0000/g, (_, at: string) => (blocks[Number(at)] ?? "").trimEnd());
}

function targetOf(
  target: string,
  file: string,
  { layout, pictures }: Rendering,
  isPicture: boolean,
): string | undefined {
  const [path = "", anchor = ""] = target.split("#");
  const to = path === "" ? file : normalize(join(file, "..", path)).replace(/\/$/, "");
  if (isPicture || to.endsWith(".svg") || to.endsWith(".png")) {
    pictures.add(to);
    return `/files/${to}`;
  }
  if (/^packages\/\w+\/decisions$/.test(to)) return "/decisions";
  const isFolder = existsSync(join(root, to, "README.md"));
  const found = layout.find(isFolder ? `${to}/README.md` : to, anchor);
  if (found === undefined) return undefined;
  return `/${found.path === "index" ? "" : found.path}${found.anchor === "" ? "" : `#${found.anchor}`}`;
}
