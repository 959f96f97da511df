import assert from "node:assert/strict";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { faultsOf } from "./look.js";
import { check } from "./report.js";
import { startSite } from "./site.js";
import { sessionCookie, watch } from "./visitor.js";

const shows = (page: Page, text: string) => page.getByText(text, { exact: true }).waitFor();
const click = (page: Page, button: string) => page.getByRole("button", { name: button, exact: true }).click();

/** Signs in and signs out, where the example can; at the end it is as the check of its looks needs it. */
type Use = (page: Page) => Promise<void>;

const login: Use = async (page) => {
  await page.getByLabel("Name").fill("Ada");
  await click(page, "Sign in");
  await shows(page, "Hello Ada.");
  await page.reload();
  await shows(page, "Hello Ada.");
};

const shop: Use = async (page) => {
  await click(page, "Sign in");
  await shows(page, "Hello ada.");
  await shows(page, "Visits: 2");
  await click(page, "Add bread");
  await shows(page, "Cart: bread");
  await click(page, "Sign out");
  await shows(page, "Hello nobody.");
  await shows(page, "Cart: empty");
};

const passport: Use = async (page) => {
  const signIn = async (password: string) => {
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill(password);
    await click(page, "Sign in");
  };
  await click(page, "Add bread");
  await signIn("wrong");
  await shows(page, "That is not the password.");
  await signIn("open sesame");
  await shows(page, "Hello ada.");
  await shows(page, "Cart: bread");
  await click(page, "Sign out");
  await shows(page, "You have signed out.");
};

const chat: Use = async (page) => {
  await click(page, "Sign in as ada");
  await shows(page, "Hello ada.");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await page.getByLabel("Message").fill("hello");
  await click(page, "Send");
  for (const each of [page, other]) await shows(each, "ada: hello");
  await click(other, "Sign out");
  await shows(other, "Hello nobody.");
  await other.close();
  await page.getByLabel("Message").fill("still there?");
  await click(page, "Send");
  await shows(page, "signed out");
};

const examples: Readonly<Record<string, Use>> = {
  memory: login,
  file: login,
  cookie: login,
  redis: login,
  mysql: login,
  postgres: login,
  express: shop,
  fastify: shop,
  koa: shop,
  hono: shop,
  "express-session": passport,
  websocket: chat,
};

const looked = new Set<Use>();

/** The examples that are sites of one process, each as its readers meet it; two at a time. */
export async function exampleChecks(browser: Browser, screenshots: string): Promise<void> {
  const rest = Object.entries(examples);
  const some = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await one(browser, screenshots, ...next);
  };
  await Promise.all([some(), some()]);
}

async function one(browser: Browser, screenshots: string, name: string, use: Use): Promise<void> {
  const site = await startSite(name);
  const context = await browser.newContext();
  const complaints: string[] = [];
  watch(context, complaints);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  try {
    await check(`examples/${name}: works by clicks`, async () => {
      await page.goto(site.url);
      await use(page);
    });
    // Those that are used alike share one page.
    if (!looked.has(use)) {
      looked.add(use);
      await check(`examples/${name}: in light and dark, on a desktop and on a phone`, async () => {
        assert.deepEqual(await faultsOf(page, join(screenshots, `example-${name}`)), []);
      });
    }
    if (use === login)
      await check(`examples/${name}: a cookie that was altered is nobody's`, () => altered(context, page));
    await check(`examples/${name}: nothing for the browser to complain about`, () => assert.deepEqual(complaints, []));
  } finally {
    await context.close();
    site.process.kill("SIGTERM");
  }
}

async function altered(context: BrowserContext, page: Page): Promise<void> {
  const cookie = await sessionCookie(context);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Lax"]);
  const middle = Math.floor(cookie.value.length / 2);
  const other = cookie.value[middle] === "A" ? "B" : "A";
  const value = cookie.value.slice(0, middle) + other + cookie.value.slice(middle + 1);
  await context.addCookies([{ ...cookie, value }]);
  await page.reload();
  await shows(page, "Who are you?");
}
