import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { SessionStore } from "../packages/core/src/index.js";
import { createManager } from "../packages/core/src/index.js";
import { readSnippets, write } from "./checks/snippets.js";

// The code in packages/core/docs/answers.md does what the page says. The test of all blocks checks that it compiles.

type Answer = Promise<Response>;

/**
 * Time stands still while `at` is set, because a Max-Age is the time left, in whole seconds. Installed before core
 * reads `Date.now`.
 */
const clock = vi.hoisted(() => {
  const held: { at?: number | undefined } = {};
  const real = Date.now;
  Date.now = () => held.at ?? real();
  return held;
});

const root = join(import.meta.dirname, "..");
let folder: string;
let paths: readonly { readonly path: string; readonly text: string }[];

beforeAll(async () => {
  await mkdir(join(root, ".tmp"), { recursive: true });
  folder = await mkdtemp(join(root, ".tmp", "answers-"));
  const all = await readSnippets();
  paths = await write(
    all.filter(({ source }) => source === "packages/core/docs/answers.md"),
    folder,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The block that has this text, as a module. */
async function block<T>(holds: string): Promise<T> {
  const found = paths.filter(({ text }) => text.includes(holds));
  expect(found).toHaveLength(1);
  return (await import(/* @vite-ignore */ String(found[0]?.path))) as T;
}

/** The cookies of a browser: which of them come with a request, by SameSite and path. */
class Browser {
  readonly #cookies = new Map<string, { value: string; line: string }>();

  async send(answer: (request: Request) => Answer, path: string, crossSitePost?: FormData): Promise<Response> {
    const sent = [...this.#cookies].filter(([, { line }]) => {
      const allowed = crossSitePost === undefined || /SameSite=None/.test(line);
      return allowed && path.startsWith(/Path=([^;]*)/.exec(line)?.[1] ?? "/");
    });
    const headers = { cookie: sent.map(([name, { value }]) => `${name}=${value}`).join("; ") };
    const init = crossSitePost === undefined ? { headers } : { headers, method: "POST", body: crossSitePost };
    const response = await answer(new Request(`https://shop.example${path}`, init));
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? [];
      if (/Max-Age=0/.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, line });
    }
    return response;
  }

  get names(): string[] {
    return [...this.#cookies.keys()].sort();
  }
}

function formOf(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

describe("form_post", () => {
  interface Block {
    toProvider(request: Request): Answer;
    callback(request: Request, verify: (form: FormData) => Promise<string>): Answer;
    done(request: Request): Answer;
  }
  const verify = async () => "ada";

  test("the visitor comes back with the session that was there, and the answer counts once", async () => {
    const { toProvider, callback, done } = await block<Block>("export function toProvider");
    const browser = new Browser();
    const to = await browser.send(toProvider, "/sign-in");
    const state = new URL(to.headers.get("location") ?? "").searchParams.get("state") ?? "";
    const answer = formOf({ state });
    const back = await browser.send((request) => callback(request, verify), "/sign-in/callback", answer);
    expect([back.status, back.headers.get("location")]).toEqual([303, "https://shop.example/sign-in/done"]);
    const again = await browser.send((request) => callback(request, verify), "/sign-in/callback", answer);
    expect(again.status).toBe(403);
    const signedIn = await browser.send(done, "/sign-in/done");
    expect([signedIn.status, browser.names]).toEqual([303, ["shop"]]);
    expect((await browser.send(done, "/sign-in/done")).status).toBe(403);
  });

  test("somebody else's answer, or none of ours, does not sign in", async () => {
    const { toProvider, callback } = await block<Block>("export function toProvider");
    const browser = new Browser();
    await browser.send(toProvider, "/sign-in");
    const forged = formOf({ state: "theirs" });
    expect((await browser.send((request) => callback(request, verify), "/sign-in/callback", forged)).status).toBe(403);
    expect((await new Browser().send((request) => callback(request, verify), "/sign-in/callback", forged)).status).toBe(
      403,
    );
  });

  test("with one Manager, the POST has no session and signing in there would replace the visitor's", async () => {
    const sessions = await createManager<{ cart: string; user: string }>("memory", { cookieName: "shop" });
    const browser = new Browser();
    const fill = (request: Request) =>
      sessions.handle(request, (session) => {
        session.set("cart", "bread");
        return new Response();
      });
    const signIn = (request: Request) =>
      sessions.handle(request, async (session) => {
        session.set("user", "ada");
        await session.regenerate();
        return new Response(session.get("cart") ?? "empty");
      });
    await browser.send(fill, "/");
    expect(await (await browser.send(signIn, "/callback", formOf({}))).text()).toBe("empty");
    await sessions.close();
  });
});

test("OAuth state: each tab finds its own, once, also at the same time", async () => {
  type Pending = SessionStore<{ pending: Record<string, { returnTo: string; verifier: string }> }>;
  const { begin, finish } = await block<{
    begin(session: Pending, returnTo: string): Promise<string>;
    finish(session: Pending, state: string): Promise<{ returnTo: string } | undefined>;
  }>("pending: Record<string");
  const sessions = await createManager("memory");
  const first = await sessions.begin(new Request("http://localhost/")).session();
  first.set("made", true);
  await first.release();
  const tab = async () => (await sessions.load(first.id)) as unknown as Pending;
  const [one, two] = await Promise.all([begin(await tab(), "/one"), begin(await tab(), "/two")]);
  const answers = await Promise.all([finish(await tab(), two), finish(await tab(), one), finish(await tab(), one)]);
  expect(answers[0]?.returnTo).toBe("/two");
  expect(answers.slice(1).map((each) => each?.returnTo)).toEqual(["/one", undefined]);
  expect(await finish(await tab(), "unknown")).toBeUndefined();
  for (let n = 0; n < 12; n++) await begin(await tab(), `/${n}`);
  expect(Object.keys((await tab()).get("pending") ?? {})).toHaveLength(10);
  await sessions.close();
});

test("remember me: the cookie lasts as long as the session may, and else ends with the browser", async () => {
  const { signIn } = await block<{ signIn(request: Request, user: string, remember: boolean): Answer }>("14 * 86_400");
  const cookie = async (remember: boolean) =>
    (await signIn(new Request("https://shop.example/"), "ada", remember)).headers.getSetCookie().join();
  clock.at = Date.now();
  onTestFinished(() => {
    clock.at = undefined;
  });
  expect(await cookie(true)).toContain(`Max-Age=${90 * 86_400};`);
  expect(await cookie(false)).not.toContain("Max-Age");
});

test("a message is shown once, by one of two tabs", async () => {
  const { save, page } = await block<{ save(request: Request): Answer; page(request: Request): Answer }>('"Saved."');
  const browser = new Browser();
  await browser.send(save, "/");
  const tabs = await Promise.all([browser.send(page, "/"), browser.send(page, "/")]);
  expect((await Promise.all(tabs.map((tab) => tab.text()))).sort()).toEqual(["", "Saved."]);
  expect(await (await browser.send(page, "/")).text()).toBe("");
});

test("a SPA on another origin: the preflight, the credentials, the cookie, and who is turned away", async () => {
  const { api } = await block<{ api(request: Request): Answer }>("https://app.example");
  const send = (method: string, origin: string, cookie = "") =>
    api(new Request("https://api.example/", { method, headers: { ...(origin && { origin }), cookie } }));
  const preflight = await send("OPTIONS", "https://app.example");
  expect([preflight.status, preflight.headers.getSetCookie()]).toEqual([204, []]);
  const first = await send("POST", "https://app.example");
  expect(first.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(first.headers.get("access-control-allow-credentials")).toBe("true");
  expect(first.headers.get("vary")).toMatch(/Cookie.*Origin|Origin.*Cookie/);
  const [line = ""] = first.headers.getSetCookie();
  for (const attribute of ["SameSite=None", "Secure", "Partitioned"]) expect(line).toContain(attribute);
  const second = await send("POST", "https://app.example", line.split(";")[0]);
  expect(await second.json()).toEqual({ n: 2 });
  expect((await send("POST", "https://evil.example", line.split(";")[0])).status).toBe(403);
  expect((await send("GET", "https://evil.example")).headers.has("access-control-allow-origin")).toBe(false);
});

test("a mobile client: the answer has the header when the id is new, and a new id replaces the old", async () => {
  const { api, Client } = await block<{
    api(request: Request): Answer;
    Client: new () => { get(url: string): Promise<string> };
  }>("class Client");
  const client = new Client();
  expect(await client.get("https://api.example/")).toBe("nobody");
  expect(await client.get("https://api.example/sign-in")).toBe("ada");
  expect(await client.get("https://api.example/")).toBe("ada");
  const first = await api(new Request("https://api.example/sign-in"));
  const id = first.headers.get("X-Session-Id") ?? "";
  expect(first.headers.getSetCookie()).toEqual([]);
  const again = await api(new Request("https://api.example/sign-in", { headers: { "X-Session-Id": id } }));
  expect(again.headers.get("X-Session-Id")).not.toBe(id);
  const plain = await api(
    new Request("https://api.example/", { headers: { "X-Session-Id": again.headers.get("X-Session-Id") ?? "" } }),
  );
  expect([plain.headers.has("X-Session-Id"), await plain.text()]).toEqual([false, "ada"]);
});

test("changing the domain: another cookie name and the same namespace leave the owner's old sessions within reach", async () => {
  const { memory } = await import("../packages/core/src/index.js");
  const store = memory();
  const before = await createManager<{ user: string }>(store, { cookieName: "shop" });
  const signedIn = await before.handle(new Request("https://example.com/"), async (session) => {
    session.set("user", "ada");
    session.owner = "ada";
    await session.release();
    return new Response(session.id);
  });
  const id = await signedIn.text();
  const after = await createManager(store, { cookieName: "shop2", namespace: "shop", domain: "example.com" });
  expect(await after.exists(id)).toBe(true);
  expect(await after.destroyOwned("ada")).toBe(1);
  expect(await before.exists(id)).toBe(false);
  await Promise.all([before.close(), after.close()]);
});
