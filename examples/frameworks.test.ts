import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { said, startExample } from "./start-example.js";

// The examples as their readers start them: each in a process of its own.

/** A browser as far as it matters: one cookie, redirects followed with it. */
class Visitor {
  readonly #url: string;
  #cookie = "";

  constructor(url: string) {
    this.#url = url;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async visit(path: string, method = "GET"): Promise<string> {
    const headers = { cookie: this.#cookie };
    const response = await fetch(this.#url + path, { method, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.#cookie = line.split(";")[0] ?? "";
    const location = response.headers.get("location");
    return location === null ? response.text() : this.visit(location);
  }
}

describe.each(["express", "fastify", "koa", "hono"])("examples/%s", (example) => {
  test("signs in, counts, fills a cart, signs out", { timeout: 30_000 }, async () => {
    const { child, url } = await startExample(example);
    const [ada, bob] = [new Visitor(url), new Visitor(url)];
    const nobody = ["Hello nobody.", "Visits: 1", "Cart: empty"];
    expect(said(await ada.visit("/"))).toEqual(nobody);
    const before = ada.cookie;
    const signedIn = said(await ada.visit("/sign-in?user=<ada>", "POST"));
    expect(signedIn).toEqual(["Hello &#60;ada&#62;.", "Visits: 2", "Cart: empty"]);
    expect(ada.cookie).not.toBe(before);
    await Promise.all(["bread", "milk", "salt"].map((item) => ada.visit(`/cart?item=${item}`, "POST")));
    const [, visits, cart = ""] = said(await ada.visit("/"));
    expect(visits).toBe("Visits: 6");
    expect(cart.split(/[ :,]+/).sort()).toEqual(["Cart", "bread", "milk", "salt"]);
    expect(said(await bob.visit("/"))).toEqual(nobody);
    expect(said(await ada.visit("/sign-out", "POST"))).toEqual(nobody);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("examples/websocket", () => {
  test("lets in who is signed in, and notices the sign-out", { timeout: 30_000 }, async () => {
    const { url } = await startExample("websocket");
    const ada = new Visitor(url);
    expect(said(await ada.visit("/sign-in?user=ada", "POST"))).toEqual(["Hello ada."]);

    const { WebSocket } = await import("ws");
    const open = (headers: Record<string, string>) => new WebSocket(url.replace("http", "ws"), { headers });
    const refused = open({});
    expect(String(await once(refused, "error"))).toMatch(/401/);
    const foreign = open({ cookie: ada.cookie, origin: "http://elsewhere.example" });
    expect(String(await once(foreign, "error"))).toMatch(/401/);

    const socket = open({ cookie: ada.cookie });
    await once(socket, "open");
    socket.send("hello");
    expect(String((await once(socket, "message"))[0])).toBe("ada: hello");
    expect(said(await ada.visit("/sign-out", "POST"))).toEqual(["Hello nobody."]);
    socket.send("still there?");
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([4401, "signed out"]);
  });

  test("who chats and loads no page stays signed in", { timeout: 30_000 }, async () => {
    const { url } = await startExample("websocket", { MAX_LIFETIME: "3" });
    const ada = new Visitor(url);
    await ada.visit("/sign-in?user=ada", "POST");
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(url.replace("http", "ws"), { headers: { cookie: ada.cookie } });
    await once(socket, "open");
    for (let second = 1; second <= 5; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      socket.send("hello");
      const said = await Promise.race([once(socket, "message"), once(socket, "close")]);
      expect(String(said[0])).toBe("ada: hello");
    }
  });
});
