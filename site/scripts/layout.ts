import { readdirSync } from "node:fs";
import { join } from "node:path";
import { markdownFiles } from "../../scripts/checks/markdown.js";
import { groups, listed, pathOf, split } from "./contents.js";
import { plain, rangeOf, readSource, root, type Source } from "./source.js";

/** Lines of a file that stand on a page. */
export interface Part {
  readonly source: Source;
  readonly page: string;
  readonly from: number;
  readonly end: number;
  /** What becomes of its first line, a heading: one of the page, its title, or nothing because the page has a title. */
  readonly heading: "kept" | "title" | "dropped";
  /** Of which line this part has which: a smaller part takes its lines from a larger one. */
  readonly owns: (line: number) => boolean;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** A file of `site/pages`, whose directives say which parts it has. */
  readonly own?: Source;
  readonly parts: readonly Part[];
}

export interface Layout {
  readonly pages: readonly Page[];
  readonly navigation: readonly { readonly title: string; readonly pages: readonly Page[] }[];
  readonly listed: readonly Page[];
  /** The page and the heading there that a link to a file leads to; `undefined` if there is none. */
  find(file: string, anchor?: string): { readonly path: string; readonly anchor: string } | undefined;
}

/**
 * `<!-- part: FILE#SECTION -->` is that section, `body` the same without its heading, and `top` only what comes before the
 * next heading. `top` without a section is what stands under the title.
 */
export const directive = /^<!-- (part|body|top): (\S+?)#(\S*) -->$/;

/** Which page has which lines. Every line of a file that is on the site stands on one page, and on one only. */
export function layOut(): Layout {
  const files = ["README.md", ...filesOfGroups().flat(), ...markdownFiles(root).filter((file) => listed.test(file))];
  const own = readdirSync(join(root, "site/pages")).map((name) => `site/pages/${name}`);
  const sources = new Map<string, Source>();
  for (const file of [...files, ...own]) sources.set(file, readSource(file));

  const wanted: Omit<Part, "owns">[] = [];
  for (const file of own) {
    for (const line of sources.get(file)?.lines ?? []) {
      const [, kind, from = "", anchor = ""] = directive.exec(line) ?? [];
      if (kind === undefined) continue;
      const source = sources.get(from);
      if (source === undefined) throw new Error(`${file}: ${from} is not on the site`);
      const { heading, end, next } = rangeOf(source, anchor);
      const lines = { from: heading.line, end: kind === "top" ? next : end };
      wanted.push({ source, ...lines, page: pathOf(file), heading: kind === "part" ? "kept" : "dropped" });
    }
  }
  for (const file of split) {
    const source = need(sources, file);
    const sections = source.headings.filter(({ level }) => level === 2);
    for (const { anchor } of sections) {
      const { heading, end } = rangeOf(source, anchor);
      wanted.push({ source, from: heading.line, end, page: `${pathOf(file)}/${anchor}`, heading: "title" });
    }
  }
  for (const file of files.filter((each) => !own.includes(each))) {
    const source = need(sources, file);
    wanted.push({ source, from: 0, end: source.lines.length, page: pathOf(file), heading: "title" });
  }

  const owners = ownersOf(wanted);
  const parts = wanted.map((each) => ({
    ...each,
    owns: (line: number) => owners.get(each.source)?.[line] === each,
  }));
  const partsOf = (path: string) => parts.filter(({ page }) => page === path);
  const pageOf = (path: string, title: string, source?: Source): Page => ({
    path,
    title: plain(title),
    parts: partsOf(path),
    ...(source === undefined ? {} : { own: source }),
  });
  const pagesOf = (file: string): Page[] => {
    const source = need(sources, file);
    const first = pageOf(pathOf(file), source.headings[0]?.text ?? file, own.includes(file) ? source : undefined);
    if (!split.has(file)) return [first];
    const rest = source.headings.filter(({ level }) => level === 2);
    return [first, ...rest.map(({ anchor, text }) => pageOf(`${pathOf(file)}/${anchor}`, text))];
  };

  const navigation = filesOfGroups().map((names, at) => ({
    title: groups[at]?.title ?? "",
    pages: names.flatMap(pagesOf),
  }));
  const records = files.filter((file) => listed.test(file)).flatMap(pagesOf);
  const outside = ["site/pages/index.md", "site/pages/contents.md"].flatMap(pagesOf);
  const whole = parts.find(
    ({ source, from, heading }) => source.file === "README.md" && from === 0 && heading === "title",
  );
  const left = whole?.source.lines.findIndex((text, line) => whole.owns(line) && text !== "") ?? -1;
  if (left >= 0) throw new Error(`README.md:${left + 1} is on no page: add it to one of site/pages`);
  return {
    pages: [...outside, ...navigation.flatMap(({ pages }) => pages), ...records],
    navigation,
    listed: records,
    find,
  };

  function find(file: string, anchor = ""): { path: string; anchor: string } | undefined {
    const source = sources.get(file);
    if (source === undefined) return undefined;
    if (own.includes(file) || anchor === "") return { path: pathOf(file), anchor };
    const line = source.headings.find((each) => each.level < 7 && each.anchor === anchor)?.line;
    if (line === undefined) return undefined;
    const holder = parts.find((each) => each.source === source && each.owns(line));
    if (holder === undefined) throw new Error(`${file}#${anchor} stands nowhere`);
    return { path: holder.page, anchor: holder.from === line && holder.heading !== "kept" ? "" : anchor };
  }
}

function need(sources: ReadonlyMap<string, Source>, file: string): Source {
  const source = sources.get(file);
  if (source === undefined) throw new Error(`${file} is not on the site`);
  return source;
}

/** Of each line the smallest part that asks for it. Two that ask for the same section are an error. */
function ownersOf(parts: readonly Omit<Part, "owns">[]): Map<Source, Omit<Part, "owns">[]> {
  const owners = new Map<Source, Omit<Part, "owns">[]>();
  const bySize = [...parts].sort((a, b) => b.end - b.from - (a.end - a.from));
  for (const each of bySize) {
    const lines = owners.get(each.source) ?? [];
    const before = lines[each.from];
    if (before?.from === each.from && before.end === each.end) {
      throw new Error(`${each.source.file}:${each.from + 1} would stand on ${before.page} and on ${each.page}`);
    }
    lines.length = each.source.lines.length;
    lines.fill(each, each.from, each.end);
    owners.set(each.source, lines);
  }
  return owners;
}

/** The files of each group: those that are named, then those that fit its pattern and are named nowhere. */
function filesOfGroups(): string[][] {
  const named = new Set(groups.flatMap(({ files }) => files));
  const rest = markdownFiles(root).filter((file) => !named.has(file));
  return groups.map(({ files, also }) => [...files, ...(also ? rest.filter((file) => also.test(file)) : [])]);
}
