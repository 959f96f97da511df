import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** The pages of a built site, relative to its folder. */
export function builtPages(dist: string): string[] {
  return readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html"))
    .sort();
}

/** Links and pictures of the pages that lead to no file of the site, or to no anchor of a page. */
export function brokenLinks(dist: string, pages: readonly string[]): string[] {
  const texts = new Map(pages.map((page) => [page, readFileSync(join(dist, page), "utf8")]));
  const ids = new Map([...texts].map(([page, text]) => [page, new Set(attributes(text, "id"))]));
  const broken: string[] = [];
  for (const [page, text] of texts) {
    for (const link of [...attributes(text, "href"), ...attributes(text, "src")]) {
      if (/^[a-z][a-z+.-]*:|^\/\//i.test(link)) continue;
      const [path = "", anchor = ""] = decodeURIComponent(link).split("#");
      const to = fileOf(dist, path === "" ? page : posix.resolve("/", posix.dirname(page), path));
      if (to === undefined) broken.push(`${page}: ${link}`);
      else if (anchor !== "" && ids.has(to) && !ids.get(to)?.has(anchor))
        broken.push(`${page}: ${link} has no such anchor`);
    }
  }
  return broken;
}

/** The file that a server sends for a path. */
export function fileOf(dist: string, path: string): string | undefined {
  const candidates = [path, posix.join(path, "index.html")].map((each) => each.replace(/^\//, ""));
  return candidates.find((each) => existsSync(join(dist, each)) && statSync(join(dist, each)).isFile());
}

function attributes(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<[a-z][^>]* ${name}="([^"]*)"`, "gi"))].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&").replaceAll("&#39;", "'"),
  );
}
