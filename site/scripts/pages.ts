/**
 * Makes the pages of the site, in `site/.tmp/pages`, from the files of the repository: `npm run site` and
 * `npm run site:build` call it first. Nothing is written twice; what is only here is in `site/pages` and `site/drawings`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { conformancePage } from "./conformance.js";
import { short } from "./contents.js";
import { layOut, type Page } from "./layout.js";
import { referencePages } from "./reference.js";
import { type Rendering, renderPage } from "./render.js";
import { root } from "./source.js";

const site = join(root, "site");
const out = join(site, ".tmp/pages");
const written = new Set<string>();

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
for (const picture of rendering.pictures) write(`public/files/${picture}`, readFileSync(join(root, picture)));
write("public/favicon.svg", readFileSync(join(site, "drawings/favicon.svg")));
for (const name of existsSync(out) ? readdirSync(out, { recursive: true, encoding: "utf8" }) : []) {
  if (statSync(join(out, name)).isFile() && !written.has(name)) rmSync(join(out, name));
}
const sidebar = layout.navigation.map(({ title, pages }) => ({
  text: title,
  items: pages.map((page) => ({ text: short[page.title] ?? page.title, link: `/${page.path}` })),
}));
writeFileSync(join(site, ".tmp/sidebar.json"), JSON.stringify(sidebar));
console.log(`${layout.pages.length + references.length} pages`);

/** Only what differs: a development server that watches the pages loads those again. */
function write(name: string, content: string | Buffer): void {
  const file = join(out, name);
  written.add(relative(out, file));
  if (existsSync(file) && readFileSync(file).equals(Buffer.from(content))) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
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
