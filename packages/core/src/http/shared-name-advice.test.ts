import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stage } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { FetchHandler, StoreManager } from "../manager/manager.js";
import type { SessionData } from "../session/session-store.js";

// Two applications on localhost, which differ by the port: their cookies have one name, and each replaces the other's.

const warn = vi.spyOn(process, "emitWarning");
beforeEach(() => {
  warn.mockReset().mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** A copy of core that has not warned yet, as in a new process. */
async function createManager(config: ManagerConfig = {}): Promise<StoreManager<SessionData>> {
  const { createManager } = await import("../manager/create-manager.js");
  return createManager(new Stage(), config);
}

const signIn: FetchHandler<SessionData> = (session) => {
  session.set("user", "ada");
  return new Response("in");
};
const read: FetchHandler<SessionData> = (session) => new Response(String(session.get("user")));

/** A browser: it has one cookie of a name and host, whatever the port. */
class Browser {
  readonly #jar = new Map<string, string>();
  readonly #agent: string;

  constructor(agent = "Mozilla/5.0 (X11; Linux x86_64)") {
    this.#agent = agent;
  }

  async visit(manager: StoreManager<SessionData>, handler: FetchHandler<SessionData>, url: string) {
    const { hostname } = new URL(url);
    const cookie = this.#jar.get(hostname) ?? "";
    const headers = { "user-agent": this.#agent, ...(cookie !== "" && { cookie }) };
    const response = await manager.handle(new Request(url, { headers }), handler, { peer: "127.0.0.1" });
    for (const line of response.headers.getSetCookie()) this.#jar.set(hostname, line.split(";")[0] ?? "");
    return response.text();
  }

  forget(url: string, cookie: string) {
    this.#jar.set(new URL(url).hostname, cookie);
  }
}

const [shopUrl, blogUrl] = ["http://localhost:3000/", "http://localhost:3001/"];
const told = () => warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes("cookieName"));

/** Signs in here and there by turns, as somebody does who works on both. */
async function alternate(shop: StoreManager<SessionData>, blog: StoreManager<SessionData>, browser: Browser) {
  for (let round = 0; round < 3; round++) {
    await browser.visit(shop, signIn, shopUrl);
    await browser.visit(blog, signIn, blogUrl);
  }
}

test("is told once, with the name and what to do", async () => {
  const [shop, blog] = [await createManager(), await createManager()];
  await alternate(shop, blog, new Browser());
  await alternate(shop, blog, new Browser());
  expect(told()).toEqual([
    expect.stringMatching(/cookie "sessionid".*another application on localhost.*own cookieName/s),
  ]);
  expect(warn).toHaveBeenCalledWith(expect.any(String), { code: "SESS_COOKIE_NAME_SHARED" });
});

test("also where the pages only read: the user is signed out there", async () => {
  const [shop, blog] = [await createManager(), await createManager()];
  const browser = new Browser();
  for (let round = 0; round < 3; round++) {
    await browser.visit(shop, signIn, shopUrl);
    await browser.visit(blog, signIn, blogUrl);
    await browser.visit(shop, read, shopUrl);
  }
  expect(told()).toHaveLength(1);
});

test("and where the other is no application of ours", async () => {
  const shop = await createManager();
  const browser = new Browser();
  for (let round = 0; round < 3; round++) {
    await browser.visit(shop, signIn, shopUrl);
    browser.forget(shopUrl, `sessionid=django-${round}`);
  }
  await browser.visit(shop, signIn, shopUrl);
  expect(told()).toHaveLength(1);
});

test("not in production", async () => {
  vi.stubEnv("NODE_ENV", "production");
  await alternate(await createManager(), await createManager(), new Browser());
  expect(told()).toEqual([]);
});

test("not where each has its name, or its host", async () => {
  const [shop, blog] = [await createManager({ cookieName: "shop" }), await createManager({ cookieName: "blog" })];
  await alternate(shop, blog, new Browser());
  const [one, two] = [await createManager(), await createManager()];
  const browser = new Browser();
  for (let round = 0; round < 5; round++) {
    await browser.visit(one, signIn, "http://one.test:3000/");
    await browser.visit(two, signIn, "http://two.test:3001/");
  }
  expect(told()).toEqual([]);
});

test("not where sessions of this application end early", async () => {
  let now = 1_000_000;
  const shop = await createManager({ maxLifetime: 1, now: () => now });
  const browsers = [new Browser(), new Browser(), new Browser()];
  for (let round = 0; round < 5; round++) {
    for (const browser of browsers) await browser.visit(shop, signIn, shopUrl);
    now += 2000;
  }
  expect(told()).toEqual([]);
});

test("not where browsers come back after a restart that forgot everybody", async () => {
  const [before, after] = [await createManager(), await createManager()];
  const browsers = Array.from({ length: 5 }, (_, index) => new Browser(`Mozilla/5.0 (${index})`));
  for (const browser of browsers) await browser.visit(before, signIn, shopUrl);
  for (const browser of browsers) await browser.visit(after, signIn, shopUrl);
  expect(told()).toEqual([]);
});

test("not where one cookie is sent again and again, or by what is no browser", async () => {
  const shop = await createManager();
  const browser = new Browser();
  for (let round = 0; round < 5; round++) {
    await browser.visit(shop, signIn, shopUrl);
    browser.forget(shopUrl, "sessionid=stale");
  }
  const script = new Browser("curl/8.0");
  for (let round = 0; round < 5; round++) {
    await script.visit(shop, signIn, shopUrl);
    script.forget(shopUrl, `sessionid=forged${round}`);
  }
  expect(told()).toEqual([]);
});
