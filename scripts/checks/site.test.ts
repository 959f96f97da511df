import { expect, test } from "vitest";
import { type Layout, layOut } from "../../site/scripts/layout.js";
import { renderPage } from "../../site/scripts/render.js";
import { linksOf } from "./markdown.js";

// The site is made of the repository's files: a section that is renamed must not break it in silence.

const layout: Layout = layOut();
const inserts = new Proxy({}, { get: () => () => "" });

test("every section stands on one page, and every link of a page leads to one", () => {
  const paths = new Set(layout.pages.map(({ path }) => path));
  const rendering = { layout, inserts, pictures: new Set<string>() };
  const links = layout.pages.flatMap((page) => linksOf(renderPage(page, rendering)).map(({ target }) => target));
  const toPages = links
    .filter((link) => !link.startsWith("/files/"))
    .map((link) => link.split("#")[0]?.slice(1) || "index");
  expect([...new Set(toPages.filter((path) => !paths.has(path)))]).toEqual([]);
  expect(toPages.length).toBeGreaterThan(150);
  expect(paths.size).toBe(layout.pages.length);
});

test("a section of a split file is a page, a link to it leads there, and its heading is the page's title", () => {
  const found = layout.find("packages/core/docs/frameworks.md", "next-16");
  expect(found).toEqual({ path: "frameworks/next-16", anchor: "" });
  expect(layout.pages.find(({ path }) => path === "frameworks/next-16")?.title).toBe("Next 16");
});

test("a section that a page of the site takes is nowhere else", () => {
  const texts = layout.pages.map((page) => renderPage(page, { layout, inserts, pictures: new Set() }));
  expect(texts.filter((text) => text.includes("**Remember me.** `session.lifetime`"))).toHaveLength(1);
});

test("documents that the contents do not name appear by themselves", () => {
  const titles = layout.navigation.map(({ title, pages }) => [title, pages.map(({ path }) => path)] as const);
  const groups = new Map(titles);
  expect(groups.get("Coming from")).toContain("coming-from-fastify-session-and-koa-session");
  expect(groups.get("Providers")).toContain("providers/postgres");
});
