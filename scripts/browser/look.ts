import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Runs in the page; resolves to a line for each kind of violation, with the first element. */
const violations = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => id + " (" + nodes.length + "): " + nodes[0].html.slice(0, 150) + " " + (nodes[0].any[0]?.message ?? "")))`;

/** What axe finds in a page as it is, a line each. */
export async function axeFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe);
  return page.evaluate<string[]>(violations);
}

/** The mean of the three colours of the headings' text, from 0 to 255. */
const brightness = `(([r, g, b]) => (r + g + b) / 3)(getComputedStyle(document.querySelector("h1")).color.match(/\\d+/g).map(Number))`;

const desktop = { width: 1120, height: 800 };
const phone = { width: 375, height: 740 };

/**
 * Looks at a page in both schemes, on a desktop and on a phone, and makes a screenshot of each; resolves to what is
 * amiss: what axe finds, text in the colour of the other scheme, what is wider than the screen. Leaves the page light,
 * on a desktop.
 */
export async function faultsOf(page: Page, screenshots: string): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [device, viewport] of Object.entries({ desktop, phone })) {
      await page.setViewportSize(viewport);
      const found = await axeFaults(page);
      if ((await page.evaluate<number>(brightness)) > 127 !== (colorScheme === "dark")) found.push("the other scheme");
      if (await page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth")) found.push("too wide");
      faults.push(...found.map((fault) => `${device}, ${colorScheme}: ${fault}`));
      await page.screenshot({
        path: `${screenshots}-${device}-${colorScheme}.png`,
        fullPage: true,
        animations: "disabled",
      });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(desktop);
  return faults;
}
