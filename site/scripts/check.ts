/**
 * What was built by `npm run site:build`, looked at: links and anchors; every page in Debian's chromium, light, dark and
 * narrow, with axe; the pages without JavaScript; the search; the race. Prints "N passed, M failed".
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { axeFaults } from "../../scripts/browser/look.js";
import { findChromium, install } from "../../scripts/browser/site.js";
import { brokenLinks, builtPages } from "./built.js";
import { serve } from "./serve.js";
import { root } from "./source.js";

const dist = join(root, "site/dist");
if (!existsSync(dist)) throw new Error("nothing was built: npm run site:build");
const pages = builtPages(dist);
const looks = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "390 px, light", colorScheme: "light", width: 390 },
  { name: "390 px, dark", colorScheme: "dark", width: 390 },
] as const;
let passed = 0;
let failed = 0;

async function check(what: string, body: () => Promise<void> | void): Promise<void> {
  try {
    await body();
    passed++;
  } catch (error) {
    failed++;
    console.log(
      `FAILED  ${what}\n${String(error instanceof Error ? error.message : error).replace(/^/gm, "        ")}`,
    );
  }
}

/** One page in every look: what the browser complained about, what axe found, and what is wider than the window. */
async function look(page: Page, url: string, path: string, complaints: string[]): Promise<void> {
  complaints.length = 0;
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.goto(`${url}/${path}`, { waitUntil: "networkidle" });
  for (const { name, colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(350);
    await check(`${path}, ${name}: axe`, async () => {
      assert.deepEqual(await axeFaults(page), []);
    });
    await check(`${path}, ${name}: nothing is wider than the window`, async () => {
      assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= width);
    });
  }
  await check(`${path}: the console is empty`, () => assert.deepEqual(complaints, []));
}

/** Looks at pages until none is left. */
async function tab(browser: Browser, url: string, rest: string[]): Promise<void> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  for (let path = rest.shift(); path !== undefined; path = rest.shift()) await look(page, url, path, complaints);
  await page.close();
}

async function search(page: Page, url: string): Promise<void> {
  const questions: { question: string; page: string }[] = JSON.parse(
    readFileSync(join(root, "site/questions.json"), "utf8"),
  );
  for (const { question, page: wanted } of questions) {
    await check(`search: ${question}`, async () => {
      await page.goto(`${url}/contents.html`, { waitUntil: "networkidle" });
      await page.keyboard.press("Control+k");
      await page.locator("#localsearch-input").fill(question);
      await page.locator("#localsearch-list a").first().waitFor();
      await page.waitForTimeout(500);
      const links = await page.locator("#localsearch-list a").evaluateAll((all) => all.map((one) => String(one)));
      const found = links.slice(0, 3).map((link) => new URL(link).pathname.replace(/^\/|\.html$/g, ""));
      assert.ok(found.includes(wanted), `${wanted} is not among ${found.join(", ")}`);
    });
  }
}

async function race(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/concurrency.html`, { waitUntil: "networkidle" });
  const cart = (which: string, text: string | RegExp) =>
    page.locator(`[data-cart=${which}]`).getByText(text).waitFor({ timeout: 8000 });
  await check("the race: both items are kept, and the plain store loses one", async () => {
    await page.getByRole("button", { name: "both at once" }).click();
    await cart("ours", /^(bread, cheese|cheese, bread)$/);
    await cart("plain", /^(bread|cheese)$/);
    const log = (await page.locator(".race li").allTextContents()).join("\n");
    assert.match(log, /refused/);
    assert.equal(log.match(/: written/g)?.length, 2);
  });
  await check("the race: a sign-out while a request works stays a sign-out", async () => {
    await page.getByRole("button", { name: "begin again" }).click();
    await cart("ours", "nothing yet");
    // By the keyboard.
    await page.getByRole("button", { name: "1: add bread" }).press("Enter");
    await page.waitForTimeout(200);
    await page.getByRole("button", { name: "2: sign out" }).press("Enter");
    await page.locator(".race ol").getByText("answers 409").waitFor({ timeout: 8000 });
    await cart("ours", "no session: signed out");
    await cart("plain", "bread");
  });
}

async function withoutScripts(browser: Browser, url: string): Promise<void> {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 900 } });
  const page = await context.newPage();
  for (const path of pages.filter((one) => one !== "404.html")) {
    await check(`${path} without JavaScript`, async () => {
      await page.goto(`${url}/${path}`);
      assert.ok(await page.locator("main h1").first().isVisible());
      assert.ok(await page.getByRole("link", { name: "All pages" }).first().isVisible());
    });
  }
  await context.close();
}

const executablePath = findChromium();
if (executablePath === undefined) throw new Error(`chromium is missing: ${install}`);
await check("links and anchors", () => assert.deepEqual(brokenLinks(dist, pages), []));
const site = await serve(dist);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const only = process.argv[2] ?? "";
  const rest = pages.filter((path) => path.startsWith(only));
  await Promise.all([1, 2, 3].map(() => tab(browser, site.url, rest)));
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await search(page, site.url);
  await race(page, site.url);
  await withoutScripts(browser, site.url);
} finally {
  await browser.close();
  site.close();
}
console.log(`${pages.length} pages`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
