/**
 * Makes the pages of the site, in `site/.tmp/pages`, from the files of the repository: `npm run site` and
 * `npm run site:build` call it first. Nothing is written twice; what is only here is in `site/pages` and `site/drawings`.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { conformancePage } from "./conformance.js";
import { short } from "./contents.js";
import { layOut, type Page } from "./layout.js";
import { referencePages } from "./reference.js";
import { type Rendering, renderPage } from "./render.js";
import { root } from "./source.js";

const site = join(root, "site");
const out = join(site, ".tmp/pages");
rmSync(out, { recursive: true, force: true });

const layout = layOut();
const references = referencePages();
const rendering: Rendering = {
  layout,
  pictures: new Set(),
  inserts: {
    "drawing-lifetimes": () => drawing("lifetimes"),
    "drawing-race": () => drawing("race"),
    conformance: () => conformancePage(layout),
    decisions: () => list(layout.listed),
    api: () => list(references),
    contents: () => layout.navigation.map(({ title, pages }) => `## ${title}\n\n${list(pages)}`).join("\n\n"),
  },
};

for (const page of layout.pages) write(`${page.path}.md`, renderPage(page, rendering));
for (const { path, text } of references) write(`${path}.md`, text);
for (const picture of rendering.pictures) {
  const to = join(out, "public/files", picture);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(root, picture), to);
}
copyFileSync(join(site, "drawings/favicon.svg"), join(out, "public/favicon.svg"));
const sidebar = layout.navigation.map(({ title, pages }) => ({
  text: title,
  items: pages.map((page) => ({ text: short[page.title] ?? page.title, link: `/${page.path}` })),
}));
writeFileSync(join(site, ".tmp/sidebar.json"), JSON.stringify(sidebar));
console.log(`${layout.pages.length + references.length} pages`);

function write(name: string, text: string): void {
  const file = join(out, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function list(pages: readonly Pick<Page, "path" | "title">[]): string {
  return pages.map(({ path, title }) => `- [${title}](/${path})`).join("\n");
}

/** In the page itself, so that it has the colours of the scheme. A blank line would end it. */
function drawing(name: string): string {
  const svg = readFileSync(join(site, "drawings", `${name}.svg`), "utf8")
    .replace(/\n\s*(?=\n)/g, "")
    .trim();
  const label = /aria-label="([^"]+)"/.exec(svg)?.[1] ?? name;
  return `<figure class="drawing" tabindex="0" aria-label="${label}">\n${svg}\n</figure>`;
}
