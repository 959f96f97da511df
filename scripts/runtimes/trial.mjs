/**
 * The same trial under Node, Bun and Deno, of what was built: plain JavaScript, so that each of them runs it as it is.
 * One line per case, `yes` or what went wrong.
 */
import { randomBytes } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Elysia } from "elysia";
import { Hono } from "hono";
import { cookie } from "../../packages/cookie/dist/provider.js";
import { session as honoSession } from "../../packages/core/dist/hono.js";
import { createManager } from "../../packages/core/dist/index.js";
import { file } from "../../packages/file/dist/provider.js";
import { switched } from "./switched.mjs";

const { Bun, Deno } = globalThis;

/** A server of the runtime's own for a function from Request to Response. */
async function serveFetch(fetch) {
  if (Bun) {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
    return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
  }
  if (Deno) {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, fetch);
    return { url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() };
  }
  const { getRequestListener } = await import("@hono/node-server");
  return serveNode(getRequestListener(fetch));
}

async function serveNode(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

function same(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}

const cookieOf = (response) => response.headers.getSetCookie()[0]?.split(";")[0];

/** One site, in the two forms that core has: what it answers to a path. */
async function route(session, path, state) {
  if (path === "/in") {
    session.set("user", "ada");
    return { status: 303, headers: { location: "/" } };
  }
  if (path === "/count") await session.update("n", (n) => (n ?? 0) + 1);
  if (path === "/out") await session.destroy();
  if (path === "/fail") {
    session.set("user", "eve");
    state.down = true;
  }
  return { status: 200, headers: {}, body: JSON.stringify([session.get("user"), session.get("n")]) };
}

/** What must hold at both edges; `ask` gives a Response. */
async function trial(url, state) {
  const ask = (path, cookie) => fetch(url + path, { redirect: "manual", headers: cookie ? { cookie } : {} });
  const first = await ask("/in");
  const cookie = cookieOf(first);
  same([first.status, first.headers.get("cache-control")], [303, "no-store"], "the redirect");
  same(await (await ask("/", cookie)).json(), ["ada", null], "the session after the redirect");
  await Promise.all(Array.from({ length: 20 }, async () => (await ask("/count", cookie)).text()));
  same(await (await ask("/", cookie)).json(), ["ada", 20], "twenty updates at once");
  const failed = await ask("/fail", cookie);
  state.down = false;
  same([failed.status, failed.headers.getSetCookie().length], [503, 0], "a failed save");
  await failed.text();
  same(await (await ask("/", cookie)).json(), ["ada", 20], "the session after a failed save");
  const out = await ask("/out", cookie);
  same(/Max-Age=0/.test(out.headers.getSetCookie()[0] ?? ""), true, "the cookie is cleared");
  await out.text();
  same(await (await ask("/", cookie)).json(), [null, null], "the session after signing out");
}

const cases = {
  async "Request to Response"() {
    const { state, connector } = switched();
    const sessions = await createManager(connector);
    const server = await serveFetch((request) =>
      sessions.handle(request, async (session) => {
        const { status, headers, body } = await route(session, new URL(request.url).pathname, state);
        // Its headers are immutable.
        return status === 303
          ? Response.redirect(new URL(headers.location, request.url), 303)
          : new Response(body, { status, headers });
      }),
    );
    await trial(server.url, state);
    await server.stop();
    await sessions.close();
  },
  async "a streamed body"() {
    const sessions = await createManager("memory");
    let open;
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    const server = await serveFetch((request) =>
      sessions.handle(request, (session) => {
        session.set("user", "ada");
        const chunks = async function* () {
          yield new TextEncoder().encode("a");
          await gate;
          yield new Uint8Array(4 * 1024 * 1024);
        };
        const source = chunks();
        const pull = async (controller) => {
          const { done, value } = await source.next();
          if (done) controller.close();
          else controller.enqueue(value);
        };
        return new Response(new ReadableStream({ pull }));
      }),
    );
    const response = await fetch(server.url);
    const reader = response.body.getReader();
    let length = (await reader.read()).value.length;
    // The head and the first byte are here while the rest does not exist yet.
    open();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) length += chunk.value.length;
    same([cookieOf(response) !== undefined, length], [true, 4 * 1024 * 1024 + 1], "the stream");
    await server.stop();
    await sessions.close();
  },
  async Hono() {
    const { state, connector } = switched();
    const sessions = await createManager(connector);
    const app = new Hono();
    app.use(honoSession(sessions));
    app.get("*", async (c) => {
      const { status, headers, body } = await route(await c.var.session(), c.req.path, state);
      return c.body(body ?? null, status, headers);
    });
    const server = await serveFetch(app.fetch);
    await trial(server.url, state);
    await server.stop();
    await sessions.close();
  },
  async Elysia() {
    const { state, connector } = switched();
    const sessions = await createManager(connector);
    const opened = new WeakMap();
    const app = new Elysia()
      .derive(({ request }) => ({ session: opened.get(request) }))
      .get("/*", async ({ session, path }) => {
        const { status, headers, body } = await route(session, path, state);
        return new Response(body ?? null, { status, headers });
      });
    const server = await serveFetch((request) =>
      sessions.handle(request, (session) => {
        opened.set(request, session);
        return app.handle(request);
      }),
    );
    await trial(server.url, state);
    await server.stop();
    await sessions.close();
  },
  async "node:http"() {
    const { state, connector } = switched();
    const sessions = await createManager(connector);
    const server = await serveNode(
      sessions.handler(async (session, req, res) => {
        const { status, headers, body } = await route(session, req.url, state);
        res.writeHead(status, headers).end(body);
      }),
    );
    await trial(server.url, state);
    await server.stop();
    await sessions.close();
  },
  async "@sess/cookie"() {
    const sessions = await createManager(cookie({ keys: [randomBytes(32).toString("base64url")] }));
    const ask = (token, user) =>
      sessions.handle(new Request("http://host/", { headers: token ? { cookie: token } : {} }), (session) => {
        if (user !== undefined) session.set("user", user);
        return Response.json(session.get("user") ?? null);
      });
    const sealed = cookieOf(await ask(undefined, "ada"));
    same(await (await ask(sealed)).json(), "ada", "the session of the token");
    const at = sealed.length - 9;
    const altered = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
    same(await (await ask(altered)).json(), null, "an altered token");
    await sessions.close();
  },
  async "@sess/file"() {
    const directory = await mkdtemp(join(tmpdir(), "sess-runtime-"));
    const open = () => createManager(file({ directory }));
    const [one, two] = [await open(), await open()];
    const made = await one.handle(new Request("http://host/"), (session) => {
      session.set("user", "ada");
      return new Response();
    });
    const headers = { cookie: cookieOf(made) };
    const count = (sessions) =>
      sessions.handle(new Request("http://host/", { headers }), async (session) => {
        await session.update("n", (n) => (n ?? 0) + 1);
        return new Response();
      });
    await Promise.all(Array.from({ length: 20 }, (_, n) => count(n % 2 === 0 ? one : two)));
    const seen = await two.handle(new Request("http://host/", { headers }), (session) =>
      Response.json([session.get("user"), session.get("n")]),
    );
    same(await seen.json(), ["ada", 20], "two Managers over one directory");
    await one.close();
    await two.close();
    await rm(directory, { recursive: true });
  },
};

// A failed save is reported; here it is asked for.
subscribe("sess:error", () => {});
for (const [name, run] of Object.entries(cases)) {
  const late = new Promise((_, reject) => setTimeout(reject, 20_000, new Error("no end after 20 s")).unref?.());
  const fault = await Promise.race([run(), late]).then(
    () => "yes",
    (error) => String(error?.message ?? error),
  );
  console.log(`${name}: ${fault}`);
}
process.exit(0);
