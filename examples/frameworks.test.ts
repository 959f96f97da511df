import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

// The examples as their readers start them: each in a process of its own.

const processes: ChildProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

/** Resolves to the process and its address, which it prints when it is ready. */
async function start(example: string): Promise<{ child: ChildProcess; url: string }> {
  const args = ["--import", "tsx", "--conditions=@sess/source", "server.ts"];
  const cwd = fileURLToPath(new URL(example, import.meta.url));
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, PORT: "0" }, stdio: "pipe" });
  processes.push(child);
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += chunk;
    const port = /:(\d+)\s/.exec(printed)?.[1];
    if (port !== undefined) return { child, url: `http://localhost:${port}` };
  }
  throw new Error(`${example} ended before it was ready`);
}

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
    const { child, url } = await start(example);
    const [ada, bob] = [new Visitor(url), new Visitor(url)];
    expect(JSON.parse(await ada.visit("/"))).toEqual({ visits: 1, cart: [] });
    const before = ada.cookie;
    expect(JSON.parse(await ada.visit("/sign-in?user=ada", "POST"))).toEqual({ user: "ada", visits: 2, cart: [] });
    expect(ada.cookie).not.toBe(before);
    await Promise.all(["bread", "milk", "salt"].map((item) => ada.visit(`/cart?item=${item}`, "POST")));
    const seen = JSON.parse(await ada.visit("/"));
    expect(seen).toMatchObject({ user: "ada", visits: 6 });
    expect(seen.cart.sort()).toEqual(["bread", "milk", "salt"]);
    expect(JSON.parse(await bob.visit("/"))).toEqual({ visits: 1, cart: [] });
    expect(JSON.parse(await ada.visit("/sign-out", "POST"))).toEqual({ visits: 1, cart: [] });
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("examples/websocket", () => {
  test("lets in who is signed in, and notices the sign-out", { timeout: 30_000 }, async () => {
    const { url } = await start("websocket");
    const ada = new Visitor(url);
    expect(await ada.visit("/sign-in?user=ada")).toBe("ada");

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
    expect(await ada.visit("/sign-out")).toBe("nobody");
    socket.send("still there?");
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([4401, "signed out"]);
  });
});
