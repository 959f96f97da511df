import { once } from "node:events";
import { expect, test } from "vitest";
import { startExample } from "../start-example.js";

// The example as its readers start it: in a process of its own.

/** One cookie, redirects followed with it. */
class Visitor {
  readonly #url: string;
  cookie = "";
  /** The last Set-Cookie header. */
  line = "";

  constructor(url: string) {
    this.#url = url;
  }

  async visit(path: string, form?: Record<string, string>): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      headers: { cookie: this.cookie },
      redirect: "manual",
      ...(form && { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      this.line = line;
      this.cookie = line.split(";")[0] ?? "";
    }
    const location = response.headers.get("location");
    return location === null ? response.json() : this.visit(location);
  }
}

test("a cart, a wrong password, signing in with the cart and for a month, signing out", {
  timeout: 30_000,
}, async () => {
  const { child, url } = await startExample("express-session");
  const ada = new Visitor(url);
  expect(await ada.visit("/")).toEqual({ views: 1, cart: [], messages: {} });
  const before = ada.cookie;
  expect(await ada.visit("/cart?item=bread", {})).toMatchObject({ cart: ["bread"] });
  const wrong = { views: 3, cart: ["bread"], messages: { error: ["That is not the password."] } };
  expect(await ada.visit("/sign-in", { name: "ada", password: "wrong" })).toEqual(wrong);
  expect(await ada.visit("/")).toEqual({ views: 4, cart: ["bread"], messages: {} });
  expect(ada.cookie).toBe(before);

  const form = { name: "ada", password: "open sesame", remember: "on" };
  expect(await ada.visit("/sign-in", form)).toEqual({ user: "ada", views: 5, cart: ["bread"], messages: {} });
  expect(ada.cookie).not.toBe(before);
  expect(ada.line).toContain(`Max-Age=${400 * 86_400};`);

  // Who knew the old id has nothing of it: to be counted as a view, they would have to change the session.
  const planted = await fetch(url, { headers: { cookie: before } });
  expect([planted.status, planted.headers.getSetCookie()]).toEqual([409, []]);

  const signedIn = ada.cookie;
  const out = { views: 1, cart: [], messages: { info: ["You have signed out."] } };
  expect(await ada.visit("/sign-out", {})).toEqual(out);
  expect(ada.cookie).not.toBe(signedIn);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
