import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { startSite } from "./site.js";
import { sessionCookie, watch } from "./visitor.js";

type Check = (what: string, body: () => Promise<void> | void) => Promise<void>;

/**
 * Tests the login of an example without a database server: sign in, come back, and come back with an altered cookie.
 */
export async function exampleChecks(browser: Browser, name: string, check: Check): Promise<void> {
  const site = await startSite(name);
  const context = await browser.newContext();
  const complaints: string[] = [];
  watch(context, complaints);
  const page = await context.newPage();
  try {
    await check(`examples/${name}: signs in, and knows who it is after a reload`, async () => {
      await page.goto(site.url);
      await page.getByLabel("Name").fill("Ada");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Hello Ada.").waitFor();
      await page.reload();
      await page.getByText("Hello Ada.").waitFor();
      const { httpOnly, sameSite } = await sessionCookie(context);
      assert.deepEqual({ httpOnly, sameSite }, { httpOnly: true, sameSite: "Lax" });
    });
    await check(`examples/${name}: a cookie that was altered in one character is nobody's`, async () => {
      const cookie = await sessionCookie(context);
      const middle = Math.floor(cookie.value.length / 2);
      const other = cookie.value[middle] === "A" ? "B" : "A";
      const value = cookie.value.slice(0, middle) + other + cookie.value.slice(middle + 1);
      await context.addCookies([{ ...cookie, value }]);
      await page.reload();
      await page.getByText("Who are you?").waitFor();
    });
    await check(`examples/${name}: nothing for the browser to complain about`, () => {
      // The examples have no icon; browsers ask for one.
      assert.deepEqual(
        complaints.filter((line) => !line.includes("favicon")),
        [],
      );
    });
  } finally {
    await context.close();
    site.process.kill("SIGTERM");
  }
}
