import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Application, Server } from "./application.js";
import { useInBrowser } from "./browser.js";
import { said, Visitor } from "./visitor.js";

/** One requirement of every framework's application. Rejects if it is not met. */
export interface Trial {
  readonly name: string;
  run(site: Site): Promise<void>;
}

export interface Site {
  readonly application: Application;
  readonly server: Server;
}

const delay = 300;

export const trials: readonly Trial[] = [
  {
    name: "read",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      const answer = await visitor.ask("/");
      assert.equal(said(answer.body), "hello nobody, 0 visits");
      assert.deepEqual(answer.headers.getSetCookie(), []);
      assert.doesNotMatch(answer.headers.get("cache-control") ?? "", /s-maxage|public/);
    },
  },
  {
    name: "sign in",
    async run({ server }) {
      const visitor = new Visitor(server.url);
      await visitor.post("/visit");
      const before = visitor.cookie;
      const answer = await visitor.post("/sign-in?user=ada");
      assert.ok(answer.status >= 302 && answer.status <= 307, `status ${answer.status}`);
      assert.match(answer.headers.getSetCookie().join(), /^sessionid=.*; HttpOnly/);
      assert.notEqual(visitor.cookie, before);
      assert.equal(said((await visitor.follow(answer)).body), "hello ada, 1 visits");
      assert.equal(said((await new Visitor(server.url).ask("/")).body), "hello nobody, 0 visits");
      await visitor.post("/sign-out");
      assert.equal(visitor.cookie, "");
      assert.equal(said((await visitor.ask("/")).body), "hello nobody, 0 visits");
    },
  },
  {
    name: "redirect",
    async run({ application, server }) {
      await application.store({ delay });
      const clients = Array.from({ length: 10 }, async (_, index) => {
        const visitor = new Visitor(server.url);
        const answer = await visitor.post(`/sign-in?user=u${index}`);
        assert.ok(answer.took >= delay, `the redirect left after ${answer.took} ms`);
        return said((await visitor.follow(answer)).body);
      });
      const expected = Array.from({ length: 10 }, (_, index) => `hello u${index}, 0 visits`);
      assert.deepEqual(await Promise.all(clients), expected);
    },
  },
  {
    name: "failed save",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await application.store({ fails: true });
      for (const path of ["/sign-in?user=ada", "/visit"]) {
        const answer = await visitor.post(path);
        assert.ok(answer.status >= 500, `${path}: status ${answer.status}`);
        assert.deepEqual(answer.headers.getSetCookie(), []);
      }
      await application.store();
      assert.equal(said((await visitor.ask("/")).body), "hello nobody, 0 visits");
    },
  },
  {
    name: "slow store",
    async run({ application, server }) {
      const visitor = new Visitor(server.url);
      await visitor.post("/visit");
      await application.store({ delay });
      const answer = await visitor.post("/visit");
      assert.equal(answer.status, 200);
      assert.equal(answer.body.trim(), "2");
      assert.ok(answer.took >= delay, `the answer left after ${answer.took} ms`);
      assert.equal(said((await visitor.ask("/")).body), "hello nobody, 2 visits");
    },
  },
  { name: "browser", run: useInBrowser },
];

/** A store that is down is an error, with the status that the framework gives it, and never a new session. */
export const storeDown = (status: number): Trial => ({
  name: "store down",
  async run({ application, server }) {
    const visitor = new Visitor(server.url);
    await visitor.post("/sign-in?user=ada");
    await application.store({ down: true });
    const answer = await visitor.ask("/");
    assert.equal(answer.status, status);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    await application.store();
    assert.equal(said((await visitor.ask("/")).body), "hello ada, 0 visits");
  },
});

/** The cookie of the page that changes the session is Secure if the client came by https. */
export const secureByProtocol = (name: string): Trial => ({
  name,
  async run({ server }) {
    const line = async (proto: string) => {
      const headers = { "x-forwarded-proto": proto };
      return (await new Visitor(server.url).ask("/?visit", { headers })).headers.getSetCookie().join();
    };
    assert.match(await line("https"), /; Secure/);
    assert.doesNotMatch(await line("http"), /; Secure/);
  },
});

/** The application with its sessions in the cookie. */
export const inTheCookie = (use: (visitor: Visitor) => Promise<void>): Trial => ({
  name: "@sess/cookie",
  async run({ application }) {
    const key = randomBytes(32).toString("base64url");
    const server = await application.serve(application.framework.start, { SESS_COOKIE_KEY: key });
    try {
      await use(new Visitor(server.url));
    } finally {
      await server.stop();
    }
  },
});

/** A page that is rendered while building is for everybody, also for a visitor with a session. */
export async function assertForEverybody({ server }: Site, path: string): Promise<void> {
  const visitor = new Visitor(server.url);
  await visitor.post("/visit");
  const answer = await visitor.ask(path);
  assert.match(answer.body, /about us/);
  assert.doesNotMatch(answer.headers.get("vary") ?? "", /Cookie/);
  assert.deepEqual(answer.headers.getSetCookie(), []);
}

/** Edits a file while the development server runs, and checks that a user is still signed in. */
export async function devReload(application: Application): Promise<void> {
  const { dev, edited, forgets } = application.framework;
  if (dev === undefined || edited === undefined) throw new Error("no development server");
  const path = join(application.folder, edited);
  const text = await readFile(path, "utf8");
  const manager = join(application.folder, application.framework.manager);
  const server = await application.serve(dev);
  try {
    const visitor = new Visitor(server.url);
    await visitor.ask("/");
    await visitor.follow(await visitor.post("/sign-in?user=ada"));
    assert.equal(said((await visitor.ask("/")).body), "hello ada, 0 visits");
    await writeFile(path, text.replace("hello", "bonjour"));
    await appendFile(manager, "\n// Edited: the module that makes the Manager is loaded again.\n");
    const end = Date.now() + 30_000;
    let found = "";
    const expected = forgets === undefined ? "bonjour ada, 0 visits" : "bonjour nobody, 0 visits";
    while (found !== expected && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      found = await visitor.ask("/").then(({ body }) => said(body), String);
    }
    assert.equal(found, expected);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${server.printed.slice(-3000)}`);
  } finally {
    await server.stop();
    await writeFile(path, text);
  }
}
