import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { faultsOf } from "../browser/look.js";
import { findChromium, install, root } from "../browser/site.js";
import { watch } from "../browser/visitor.js";
import type { Application, Server } from "./application.js";

/** The application by clicks: sign in, come back, sign out; its looks; and nothing for the browser to complain about. */
export async function useInBrowser({
  application,
  server,
}: {
  application: Application;
  server: Server;
}): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(`chromium is missing: ${install}`);
  const screenshots = join(root, ".tmp/screenshots");
  mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({ executablePath });
  try {
    const context = await browser.newContext({ extraHTTPHeaders: { "x-forwarded-proto": "http" } });
    const complaints: string[] = [];
    watch(context, complaints);
    const page = await context.newPage();
    await page.goto(server.url, { waitUntil: "networkidle" });
    await greets(page, "nobody");
    const faults = await faultsOf(page, join(screenshots, `example-${application.framework.name}`));
    const name = page.getByLabel("name");
    if ((await name.count()) > 0) await name.fill("ada");
    await page.getByRole("button", { name: "sign in" }).click();
    await greets(page, "ada");
    await page.reload({ waitUntil: "networkidle" });
    await greets(page, "ada");
    await page.getByRole("button", { name: "sign out" }).click();
    await greets(page, "nobody");
    assert.deepEqual([...faults, ...complaints.filter((complaint) => !brokenOff.test(complaint))], []);
  } finally {
    await browser.close();
  }
}

/** By the page itself: Next does so with the rest of an action's response, when it has what it needs. */
const brokenOff = /^failed: POST .*, net::ERR_ABORTED$/;

const greets = (page: Page, user: string) => page.getByRole("heading", { name: `hello ${user}, 0 visits` }).waitFor();
