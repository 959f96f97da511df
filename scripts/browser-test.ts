/**
 * The login site and the other examples in a real browser: `npm run test:browser`. Starts each as `npm start` does, on
 * a free port, and drives Debian's chromium. Leaves screenshots in .tmp/screenshots. Run the build first.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { exampleChecks } from "./browser/examples.js";
import { faultsOf } from "./browser/look.js";
import { check, report } from "./browser/report.js";
import { trialOfAnother, trialOfOurs } from "./browser/sign-in-trial.js";
import { findChromium, install, root, type Site, startSite } from "./browser/site.js";
import {
  heldBackClick,
  items,
  password,
  seenWith,
  sessionCookie,
  signIn,
  signInHeading,
  text,
  visits,
  watch,
} from "./browser/visitor.js";

const screenshots = join(root, ".tmp/screenshots");

/** The browser's errors and warnings in every watched page. */
const complaints: string[] = [];

// ---- The checks --------------------------------------------------------------------------------------------------

async function mainChecks(browser: Browser, site: Site): Promise<void> {
  const context = await browser.newContext({ colorScheme: "light", viewport: { width: 1120, height: 800 } });
  watch(context, complaints);
  const page = await context.newPage();

  await check("the page loads", async () => {
    const response = await page.goto(site.url, { waitUntil: "networkidle" });
    assert.equal(response?.status(), 200);
    assert.deepEqual(complaints, []);
  });
  await check("the cookie is HttpOnly, SameSite=Lax, for Path=/, and unreadable by scripts", async () => {
    const { httpOnly, sameSite, path } = await sessionCookie(context);
    assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: "Lax", path: "/" });
    assert.equal(await page.evaluate("document.cookie"), "");
  });

  const before = await sessionCookie(context);
  await check("a wrong password does not sign in, and the name need not be typed again", async () => {
    await page.getByLabel("Name").fill("Ada <b>");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("That password is wrong.").waitFor();
    assert.equal(await page.getByLabel("Name").inputValue(), "Ada <b>");
    assert.equal(await page.evaluate("document.activeElement.id"), "password");
    assert.equal((await sessionCookie(context)).value, before.value);
  });
  await looks(page, "wrong-password");
  await check("signing in changes the session's id, and the first visit to the shop counts 1", async () => {
    await signIn(page, "Ada");
    assert.notEqual((await sessionCookie(context)).value, before.value);
    assert.equal(await visits(page), 1);
  });
  await check("the cookie from before signing in is worthless", async () => {
    assert.deepEqual(await seenWith(browser, site, before), { heading: signInHeading, held: {} });
    await page.reload();
    await page.getByRole("heading", { name: "Hello, Ada." }).waitFor();
  });
  await check("a reload keeps the user and counts exactly one visit", async () => {
    for (let round = 0; round < 3; round++) {
      const counted = await visits(page);
      await page.reload();
      assert.equal(await text(page, "#user"), "Ada");
      assert.equal(await visits(page), counted + 1);
    }
  });
  await check("ten tabs that load at once count exactly ten visits", async () => {
    const counted = await visits(page);
    await Promise.all(Array.from({ length: 10 }, () => context.request.get(site.url)));
    await page.reload();
    assert.equal(await visits(page), counted + 11);
  });

  for (const round of [1, 2, 3]) {
    await check(`ten clicks that do not wait for each other add ten items, round ${round}`, async () => {
      const there = await items(page);
      // Clicks from inside the page, so that every click comes before the first answer.
      await page.evaluate(`for (let n = 0; n < 10; n++) document.querySelector("form[data-add='1'] button").click()`);
      await page.getByText(/all saved/).waitFor();
      assert.equal(await items(page), there + 10);
      await page.reload();
      assert.equal(await items(page), there + 10);
    });
  }
  await check("ten at once, by its button, adds ten items", async () => {
    const there = await items(page);
    await page.getByRole("button", { name: "Add ten olives at once" }).click();
    await page.getByText("10 clicks, 10 requests: all saved.").waitFor();
    assert.equal(await items(page), there + 10);
  });
  await check("ten clicks that have all loaded the session before the first one stores it add ten items", async () => {
    const there = await items(page);
    const cookie = await sessionCookie(context);
    const clicks = await Promise.all(Array.from({ length: 10 }, () => heldBackClick(site, cookie)));
    const statuses = await Promise.all(clicks.map((send) => send()));
    assert.deepEqual(statuses, Array(10).fill(204));
    await page.reload();
    assert.equal(await items(page), there + 10);
  });
  await check("clicks in two tabs at once are all kept", async () => {
    const there = await items(page);
    const other = await context.newPage();
    await other.goto(site.url);
    const buttons = [page, other].map((tab) => tab.getByRole("button", { name: "Add ten olives at once" }));
    await Promise.all(buttons.map((button) => button.click()));
    for (const tab of [page, other]) await tab.getByText(/all saved/).waitFor();
    await other.close();
    await page.reload();
    assert.equal(await items(page), there + 20);
  });
  await check("a form from another origin is refused", async () => {
    const headers = { "Sec-Fetch-Site": "same-site", Origin: "http://localhost:1" };
    const response = await context.request.post(`${site.url}/cart`, { headers, form: { item: "olives" } });
    assert.equal(response.status(), 403);
  });
  await check("a form that is too large is refused", async () => {
    const response = await context.request.post(`${site.url}/cart`, { form: { item: "x".repeat(5000) } });
    assert.equal(response.status(), 413);
  });
  await page.getByRole("button", { name: "Add ten olives at once" }).click();
  await page.getByText(/all saved/).waitFor();
  await looks(page, "shop");
  await check("on a phone the cart comes right under the shop", async () => {
    await page.setViewportSize({ width: 375, height: 740 });
    const top = (id: string) => page.evaluate<number>(`document.querySelector("#${id}").getBoundingClientRect().top`);
    const [shop, cart, held, devices] = [await top("shop"), await top("cart"), await top("held"), await top("devices")];
    assert.ok(shop < cart && cart < held && held < devices, `${[shop, cart, held, devices]}`);
    await page.setViewportSize({ width: 1120, height: 800 });
  });
  await check("every region has a name of its own", async () => {
    const names = await page.evaluate<string[]>(
      `[...document.querySelectorAll("section, [role=region]")].map((each) => each.getAttribute("aria-label") ?? document.getElementById(each.getAttribute("aria-labelledby")).textContent)`,
    );
    assert.ok(names.length >= 4);
    assert.equal(new Set(names).size, names.length, names.join());
  });
  await check("the box with the session has a scrollbar in the colours of its scheme", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    const [track, box] = await page.evaluate<[string, string]>(
      `(({ scrollbarColor, backgroundColor }) => [scrollbarColor, backgroundColor])(getComputedStyle(document.querySelector("pre")))`,
    );
    assert.ok(track.endsWith(box), `${track} on ${box}`);
    await page.emulateMedia({ colorScheme: "light" });
  });

  const signedIn = await sessionCookie(context);
  const late = await heldBackClick(site, signedIn);
  await check("signing out shows the form to sign in", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: signInHeading }).waitFor();
    assert.notEqual((await sessionCookie(context)).value, signedIn.value);
  });
  await check("a click from before signing out that comes late is refused, and brings nothing back", async () => {
    assert.equal(await late(), 409);
  });
  await check("the cookie from before signing out is worthless", async () => {
    // A fresh session, on its first visit.
    assert.deepEqual(await seenWith(browser, site, signedIn), { heading: signInHeading, held: { visits: 1 } });
  });
  await looks(page, "sign-in");
  await check("the browser had nothing to complain about", () => assert.deepEqual(complaints, []));
  await context.close();
}

async function keyboardChecks(browser: Browser, site: Site): Promise<void> {
  const context = await browser.newContext();
  watch(context, complaints);
  const page = await context.newPage();
  const focused = () =>
    page.evaluate<string>(
      "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent.trim()",
    );
  const tabTo = async (what: RegExp) => {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press("Tab");
      // After the last element the focus leaves the page, and returns with the next key press.
      if (await page.evaluate<boolean>("document.activeElement === document.body")) continue;
      const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
      assert.notEqual(outline, "none", `the focus shows on "${await focused()}"`);
      if (what.test(await focused())) return;
    }
    assert.fail(`Tab does not lead to ${what}`);
  };

  await check("the keyboard alone signs in", async () => {
    await page.goto(site.url);
    await tabTo(/^Skip to the content$/);
    await page.keyboard.press("Enter");
    await tabTo(/^Name$/);
    await page.keyboard.type("Grace");
    await tabTo(/^Password$/);
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Hello, Grace." }).waitFor();
  });
  await check("the keyboard alone fills the cart, keeps the focus, and signs out", async () => {
    await tabTo(/^Sign out$/);
    await tabTo(/^Add Sourdough$/);
    for (const clicks of ["1 click,", "2 clicks,"]) {
      await page.keyboard.press("Enter");
      await page.getByText(clicks).waitFor();
    }
    assert.equal(await items(page), 2);
    assert.match(await focused(), /^Add Sourdough$/);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: signInHeading }).waitFor();
  });
  await context.close();
}

async function plainChecks(browser: Browser, site: Site): Promise<void> {
  const context = await browser.newContext({ javaScriptEnabled: false });
  watch(context, complaints);
  const page = await context.newPage();

  await check("without JavaScript: sign in, add, empty, sign out", async () => {
    await page.goto(site.url);
    await signIn(page, "Linus");
    await page.getByRole("button", { name: "Add Coffee" }).click();
    await page.locator("#items", { hasText: "1 item" }).waitFor();
    await page.getByRole("button", { name: "Add Olives" }).click();
    await page.locator("#items", { hasText: "2 items" }).waitFor();
    assert.equal(await page.getByText("Add ten olives at once").isVisible(), false);
    await page.getByRole("button", { name: "Empty the cart" }).click();
    await page.locator("#items", { hasText: "0 items" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: signInHeading }).waitFor();
  });
  await context.close();
}

async function looks(page: Page, name: string): Promise<void> {
  await check(`${name}, in light and dark, on a desktop and on a phone`, async () => {
    assert.deepEqual(await faultsOf(page, join(screenshots, name)), []);
  });
}

async function deviceChecks(browser: Browser, site: Site): Promise<void> {
  const [one, two, stranger] = await Promise.all(Array.from({ length: 3 }, () => browser.newContext()));
  if (one === undefined || two === undefined || stranger === undefined)
    throw new Error("three contexts were asked for");
  for (const context of [one, two, stranger]) watch(context, complaints);
  const [here, there, elsewhere] = [await one.newPage(), await two.newPage(), await stranger.newPage()];
  const devices = (page: Page) => page.locator(".devices li").allTextContents();

  await check("your devices: two browsers are two, and each knows which of them it is", async () => {
    for (const [page, name] of [
      [here, "Hedy"],
      [there, "Hedy"],
      [elsewhere, "Somebody else"],
    ] as const) {
      await page.goto(site.url);
      await signIn(page, name);
    }
    await here.reload();
    for (const page of [here, there]) {
      const listed = await devices(page);
      assert.equal(listed.length, 2);
      assert.match(listed[0] ?? "", /this one/);
      assert.doesNotMatch(listed[1] ?? "", /this one/);
      assert.ok(
        listed.every((line) => /^\s*Chrome on Linux/.test(line)),
        listed.join(),
      );
    }
    assert.equal((await devices(elsewhere)).length, 1);
  });
  await check("their times are those of the reader, and of the reader's language", async () => {
    const [shown, iso] = await here.evaluate<[string, string]>(
      `(({ textContent, dateTime }) => [textContent, dateTime])(document.querySelector(".devices time"))`,
    );
    const local = await here.evaluate<string>(
      `new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date("${iso}"))`,
    );
    assert.equal(shown, local);
    const context = await browser.newContext({ timezoneId: "Asia/Tokyo", locale: "de-DE" });
    await context.addCookies(await one.cookies());
    const tokyo = await context.newPage();
    await tokyo.goto(site.url);
    const there = await text(tokyo, ".devices time >> nth=0");
    await context.close();
    assert.match(there, /^\d\d\.\d\d\.\d{4}, \d\d:\d\d$/);
    assert.notEqual(there, shown);
  });
  await looks(here, "devices");
  await check("each other device has a button: it ends that one, and the page there says so", async () => {
    const heard: string[] = [];
    const third = await browser.newContext();
    watch(third, heard);
    const lost = await third.newPage();
    await lost.goto(site.url);
    await signIn(lost, "Hedy");
    await here.reload();
    assert.equal((await devices(here)).length, 3);
    // The newest is listed first, after this one.
    await here
      .getByRole("button", { name: /^Sign out Chrome on Linux/ })
      .first()
      .click();
    await here.waitForFunction(`document.querySelectorAll(".devices li").length === 2`);
    await lost.getByRole("button", { name: "Add ten olives at once" }).click();
    await lost.getByRole("alert").getByText("You were signed out").waitFor();
    await lost.getByRole("heading", { name: signInHeading }).waitFor();
    assert.deepEqual(heard, []);
    assert.deepEqual(await faultsOf(lost, join(screenshots, "signed-out")), []);
    await there.reload();
    await there.getByRole("heading", { name: "Hello, Hedy." }).waitFor();
    await third.close();
  });
  const late = await heldBackClick(site, await sessionCookie(two));
  await check(
    "sign out everywhere else ends the other browser, also what it has under way, and nobody else",
    async () => {
      await here.getByRole("button", { name: "Sign out everywhere else" }).click();
      await here.getByText("Sign in from another browser").waitFor();
      assert.equal((await devices(here)).length, 1);
      assert.equal(await late(), 409);
      await there.reload();
      await there.getByRole("heading", { name: signInHeading }).waitFor();
      await here.reload();
      await here.getByRole("heading", { name: "Hello, Hedy." }).waitFor();
      await elsewhere.reload();
      await elsewhere.getByRole("heading", { name: "Hello, Somebody else." }).waitFor();
    },
  );
  await check("and the browser can sign in again", async () => {
    await signIn(there, "Hedy");
    assert.equal((await devices(there)).length, 2);
  });
  for (const context of [one, two, stranger]) await context.close();
}

async function signInChecks(browser: Browser): Promise<void> {
  await check("requests in parallel with a sign-in, 100 rounds: never the wrong cookie", async () => {
    const { wrong, rounds, requests } = await trialOfOurs(browser, 100);
    console.log(`        ${rounds} sign-ins, ${requests} requests beside them, wrong cookie ${wrong}`);
    assert.equal(wrong, 0);
  });
  await check("the same rounds catch a library that sends its cookie with every response", async () => {
    const { wrong, rounds } = await trialOfAnother(browser, 20);
    console.log(`        express-session, rolling: ${rounds} sign-ins, wrong cookie ${wrong}`);
    assert.notEqual(wrong, 0);
  });
}

async function processChecks(site: Site): Promise<void> {
  await check("only this machine reaches it", async () => {
    const { port } = new URL(site.url);
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const addresses = others.filter(({ internal, family }) => !internal && family === "IPv4");
    console.log(`        ${addresses.length} addresses of this machine that others can reach`);
    for (const { address } of addresses) await assert.rejects(fetch(`http://${address}:${port}/`));
    assert.equal((await fetch(site.url)).status, 200);
  });
  await check("a port that is taken is one clear line and exit code 1", async () => {
    const port = new URL(site.url).port;
    const env = { ...process.env, PORT: port };
    const second = spawnSync(process.execPath, ["scripts/start.mjs"], {
      cwd: root,
      env,
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.equal(second.status, 1);
    assert.match(second.stderr, new RegExp(`^Port ${port} is taken\\..*\\n$`));
  });
  await check("SIGTERM ends the site in good order", async () => {
    const ended = once(site.process, "exit", { signal: AbortSignal.timeout(5000) });
    site.process.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });
}

await report(async () => {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.log(`No chromium here. To install it: ${install}`);
    if (process.env.CI) throw new Error("chromium is missing");
    return;
  }
  mkdirSync(screenshots, { recursive: true });
  const site = await startSite();
  const browser = await chromium.launch({ executablePath });
  try {
    await mainChecks(browser, site);
    await keyboardChecks(browser, site);
    await plainChecks(browser, site);
    await deviceChecks(browser, site);
    await signInChecks(browser);
    await processChecks(site);
    await exampleChecks(browser, screenshots);
  } finally {
    await browser.close();
    site.process.kill("SIGTERM");
  }
});
