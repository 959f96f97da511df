import { once } from "node:events";
import { expect, test } from "vitest";
import { said, startExample } from "../start-example.js";

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

  /** Resolves to the texts of the page that is shown in the end. */
  async visit(path: string, form?: Record<string, string>): Promise<string[]> {
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
    return location === null ? said(await response.text()) : this.visit(location);
  }
}

test("a cart, a wrong password, signing in with the cart and for a month, signing out", {
  timeout: 30_000,
}, async () => {
  const { child, url } = await startExample("express-session");
  const ada = new Visitor(url);
  expect(await ada.visit("/")).toEqual(["Hello nobody.", "Views: 1", "Cart: empty"]);
  const before = ada.cookie;
  expect(await ada.visit("/cart?item=bread", {})).toEqual(["Hello nobody.", "Views: 2", "Cart: bread"]);
  const wrong = ["Hello nobody.", "Views: 3", "Cart: bread", "That is not the password."];
  expect(await ada.visit("/sign-in", { name: "ada", password: "wrong" })).toEqual(wrong);
  expect(await ada.visit("/")).toEqual(["Hello nobody.", "Views: 4", "Cart: bread"]);
  expect(ada.cookie).toBe(before);

  const form = { name: "ada", password: "open sesame", remember: "on" };
  expect(await ada.visit("/sign-in", form)).toEqual(["Hello ada.", "Views: 5", "Cart: bread"]);
  expect(ada.cookie).not.toBe(before);
  expect(ada.line).toContain(`Max-Age=${400 * 86_400};`);

  // Who knew the old id has nothing of it: to be counted as a view, they would have to change the session.
  const planted = await fetch(url, { headers: { cookie: before } });
  expect([planted.status, planted.headers.getSetCookie()]).toEqual([409, []]);

  const signedIn = ada.cookie;
  const out = ["Hello nobody.", "Views: 1", "Cart: empty", "You have signed out."];
  expect(await ada.visit("/sign-out", {})).toEqual(out);
  expect(ada.cookie).not.toBe(signedIn);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
