import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Browser, BrowserContext, Cookie, Page } from "playwright-core";
import type { Site } from "./site.js";

export const password = "open sesame";
export const signInHeading = "Sign in, and watch the session.";

/** Adds to `complaints` whatever the browser complains about. */
export function watch(context: BrowserContext, complaints: string[]): void {
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console ${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`uncaught: ${String(error.error())}`));
  context.on("requestfailed", (request) =>
    complaints.push(`failed: ${request.method()} ${request.url()}, ${request.failure()?.errorText}`),
  );
  context.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
}

export async function sessionCookie(context: BrowserContext): Promise<Cookie> {
  const cookies = await context.cookies();
  assert.equal(cookies.length, 1, "there is one cookie");
  return cookies[0] as Cookie;
}

/** What a visitor with a stolen cookie sees: the heading, and the content of the session. */
export async function seenWith(
  browser: Browser,
  site: Site,
  cookie: Cookie,
): Promise<{ heading: string; held: unknown }> {
  const context = await browser.newContext();
  try {
    await context.addCookies([cookie]);
    const page = await context.newPage();
    await page.goto(site.url);
    return { heading: await text(page, "h1"), held: JSON.parse(await text(page, "#session")) };
  } finally {
    await context.close();
  }
}

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: `Hello, ${name}.` }).waitFor();
}

/**
 * A click whose form data is held back until the server has begun the request, and so has loaded the session. It uses
 * HTTP's 100-continue: the server asks for the body by 100 (RFC 9110, section 10.1.1). Resolves to a function that
 * sends the body.
 */
export async function heldBackClick(site: Site, { name, value }: Cookie): Promise<() => Promise<number | undefined>> {
  const body = "item=olives";
  const click = request(`${site.url}/cart`, {
    method: "POST",
    headers: {
      Cookie: `${name}=${value}`,
      "Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": body.length,
      Expect: "100-continue",
    },
  });
  click.flushHeaders();
  await once(click, "continue");
  return async () => {
    click.end(body);
    const [response]: IncomingMessage[] = await once(click, "response");
    return response?.resume().statusCode;
  };
}

export async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? "";
}

export async function visits(page: Page): Promise<number> {
  return Number.parseInt(await text(page, "#visits"), 10);
}

/** The number on the page, which must agree with the session. */
export async function items(page: Page): Promise<number> {
  const badge = Number.parseInt(await text(page, "#items"), 10);
  const held: { cart?: string[] } = JSON.parse(await text(page, "#session"));
  assert.equal(held.cart?.length ?? 0, badge, "the cart's badge and the session agree");
  return badge;
}
