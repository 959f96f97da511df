import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";
import { slugOf } from "../../scripts/checks/markdown.js";
import { coreInBrowser } from "../scripts/core-in-browser.js";
import { emptyHeaders } from "../scripts/empty-headers.js";
import { pagesAgain } from "../scripts/pages-again.js";

const site = join(import.meta.dirname, "..");
// The search gets this function as text: it reaches nothing outside of itself.
const processTerm = (word: string): string | null => {
  const term = word.toLowerCase();
  // Words of questions that say nothing about the answer, and a word that these documents have another one for.
  if (/^(an?|and|do|does|for|how|i|in|is|it|my|of|on|or|the|to|what|why|with)$/.test(term)) return null;
  const ours = new Map([
    ["database", "store"],
    ["logout", "signing"],
    ["revoke", "signing"],
    ["ttl", "lifetimes"],
  ]);
  return ours.get(term) ?? term;
};

// Who builds an application asks first: what only those read who build on core, or look up a name, comes after.
const boostDocument = (id: string): number => (/^\/(api|bench|conformance|decisions|writing)/.test(id) ? 0.4 : 1);

export default defineConfig({
  title: "@sess",
  description: "Sessions for TypeScript servers",
  lang: "en",
  head: [["link", { rel: "icon", href: "/favicon.svg" }]],
  srcDir: ".tmp/pages",
  outDir: "dist",
  cacheDir: ".tmp/cache",
  // GitHub's anchors, which the links between the files use.
  markdown: {
    config: emptyHeaders,
    anchor: { slugify: slugOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  vite: { plugins: [coreInBrowser(), pagesAgain()], build: { chunkSizeWarningLimit: 1000 } },
  themeConfig: {
    nav: [
      { text: "Begin", link: "/first-session" },
      { text: "Frameworks", link: "/frameworks" },
      { text: "Deployment", link: "/deployment" },
      { text: "Reference", link: "/core" },
    ],
    sidebar: JSON.parse(readFileSync(join(site, ".tmp/sidebar.json"), "utf8")),
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        miniSearch: { options: { processTerm }, searchOptions: { boostDocument } },
      },
    },
  },
});
