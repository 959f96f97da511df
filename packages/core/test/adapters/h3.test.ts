import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import * as h3 from "h3";
import * as h3v2 from "h3-2";
import { fetchNodeRequestHandler } from "node-mock-http";
import { afterEach, expect, expectTypeOf, test, vi } from "vitest";
import { sessionPlugin } from "../../src/adapters/h3.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

// Calls within the server, as Nitro makes them: over sockets, trials.test.ts holds both versions to what all surfaces do.

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

type Handler = (event: h3.H3Event) => unknown;

/** An application of h3 version 1 as Nitro 2 has it; `call` is its `localFetch`. */
async function nitro(routes: Record<string, Handler>) {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  const stage = new Stage();
  const sessions = await stage.manager();
  const h3App = h3.createApp();
  const listener = h3.toNodeListener(h3App);
  sessionPlugin(sessions)({ h3App });
  const router = h3.createRouter();
  for (const [path, handler] of Object.entries(routes)) router.use(path, h3.eventHandler(handler));
  h3App.use(router);
  const call = (path: string, options: RequestInit & { context?: object } = {}) =>
    fetchNodeRequestHandler(listener as never, path, options as never);
  return { stage, sessions, call };
}

const setUser = async (event: h3.H3Event) => {
  (await event.context.session()).set("user", "ada");
};

const answers: Record<string, [handler: Handler, status: number, body: string]> = {
  value: [async (event) => setUser(event).then(() => ({ ok: true })), 200, '{"ok":true}'],
  nothing: [async (event) => setUser(event).then(() => null), 204, ""],
  sendRedirect: [async (event) => setUser(event).then(() => h3.sendRedirect(event, "/", 303)), 303, "url=/"],
  "a Response": [async (event) => setUser(event).then(() => new Response("made", { status: 201 })), 201, "made"],
  "an error of its own": [
    async (event) => {
      await setUser(event);
      throw h3.createError({ statusCode: 404, statusMessage: "nowhere" });
    },
    404,
    "nowhere",
  ],
  "its own end": [async (event) => setUser(event).then(() => void event.node.res.end("ended")), 200, "ended"],
};

test.each(Object.entries(answers))("%s: is stored before the call resolves", async (_name, [handler, status, body]) => {
  const { stage, sessions, call } = await nitro({ "/": handler });
  stage.delay = 20;
  const answer = await call("/");
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(body)]);
  expect(answer.headers.get("set-cookie")).toMatch(/^sessionid=./);
  expect(await sessions.count()).toBe(1);
});

test.each(Object.entries(answers))("%s: a failed save is an error without a cookie", async (_name, [handler]) => {
  const { stage, call } = await nitro({ "/": handler });
  stage.down = true;
  const answer = await call("/");
  expect(answer.status).toBe(503);
  expect(answer.headers.get("set-cookie")).toBe(null);
});

test("a call for a request has that request's session, and its response sets the cookie", async () => {
  const { stage, call } = await nitro({
    "/api": async (event) => {
      const session = await event.context.session();
      session.set("n", ((session.get("n") as number) ?? 0) + 1);
      return String(session.get("n"));
    },
    "/": async (event) => {
      const headers = { cookie: h3.getRequestHeader(event, "cookie") ?? "" };
      const inner = async () => (await call("/api", { headers, context: event.context })).text();
      return [await inner(), await inner(), (await event.context.session()).get("n")].join();
    },
  });
  const answer = await call("/", { headers: { cookie: "" } });
  expect(await answer.text()).toBe("1,2,2");
  expect(stage.calls).toEqual(["create"]);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  stage.calls.length = 0;
  expect(await (await call("/", { headers: { cookie } })).text()).toBe("3,4,4");
  expect(stage.calls).toEqual(["read", "update"]);
});

test("a call with other cookies than the request's has a session of its own", async () => {
  const user: Handler = async (event) => String((await event.context.session()).get("user"));
  const { call } = await nitro({
    "/in": async (event) => setUser(event).then(() => "in"),
    "/user": user,
    "/": async (event) => {
      await event.context.session();
      return (await call("/user", { headers: { cookie: "other=1" }, context: event.context })).text();
    },
  });
  const cookie = (await call("/in")).headers.get("set-cookie")?.split(";")[0] ?? "";
  expect(await (await call("/user", { headers: { cookie } })).text()).toBe("ada");
  expect(await (await call("/", { headers: { cookie } })).text()).toBe("undefined");
});

test("types: the session's fields, or those that are named", () => {
  h3.eventHandler(async (event) => {
    expectTypeOf(await event.context.session()).toEqualTypeOf<SessionStore<SessionData>>();
    expectTypeOf((await event.context.session<{ user: string }>()).get("user")).toEqualTypeOf<string | undefined>();
  });
  expectTypeOf(new h3v2.H3().register).toBeCallableWith(sessionPlugin(() => new Stage().manager()));
});

type Getter = () => Promise<SessionStore<SessionData>>;
const sessionOf = (event: h3v2.H3Event) => (event.context.session as Getter)();

test("h3 2: every way to answer and to fail, by request() as by fetch()", async () => {
  const stage = new Stage();
  const app = new h3v2.H3({ silent: true }).register(sessionPlugin(await stage.manager()));
  app.use(async (event) => {
    if (event.url.pathname !== "/untouched") (await sessionOf(event)).set("path", event.url.pathname);
  });
  app.get("/value", () => ({ ok: true }));
  app.get("/redirect", () => h3v2.redirect("/", 303));
  app.get("/response", () => new Response("made", { status: 201, headers: { Vary: "Accept" } }));
  app.get("/thrown", () => {
    throw new h3v2.HTTPError({ status: 404 });
  });
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.get("/untouched", () => "untouched");
  const statuses: [path: string, status: number, stored: boolean][] = [
    ["/value", 200, true],
    ["/redirect", 303, true],
    ["/response", 201, true],
    ["/thrown", 404, true],
    ["/nowhere", 404, true],
    ["/broken", 500, false],
    ["/untouched", 200, false],
  ];
  for (const [path, status, isStored] of statuses) {
    for (const ask of [app.request, (to: string) => app.fetch(new Request(`http://a.test${to}`))]) {
      const answer = await ask(path);
      expect([path, answer.status, answer.headers.has("set-cookie")]).toEqual([path, status, isStored]);
      const vary = path === "/untouched" ? null : path === "/response" ? "Accept, Cookie" : "Cookie";
      expect([path, answer.headers.get("vary")]).toEqual([path, vary]);
    }
  }
});

test("h3 2: asked for only while the body streams, what needs a cookie is refused", async () => {
  const app = new h3v2.H3().register(sessionPlugin(await new Stage().manager()));
  let code: string | undefined;
  app.get("/", (event) => {
    return new ReadableStream({
      async pull(controller) {
        const session = await sessionOf(event);
        try {
          session.set("n", 1);
        } catch (error) {
          code = (error as { code: string }).code;
        }
        controller.close();
      },
    });
  });
  await (await app.request("/")).text();
  expect(code).toBe("SESS_HEADERS_SENT");
});

test("h3 2: what fromNodeHandler wraps writes past the plugin, and has its session by start", async () => {
  const sessions = await new Stage().manager();
  const app = new h3v2.H3().register(sessionPlugin(sessions));
  const handler = async (req: IncomingMessage, res: ServerResponse) => {
    const session = await sessions.start(req, res);
    session.set("n", Number(session.get("n") ?? 0) + 1);
    res.end(String(session.get("n")));
  };
  app.all("/", h3v2.fromNodeHandler(handler as never));
  const port = await listen(createServer(h3v2.toNodeHandler(app) as RequestListener));
  const first = await ask(port, "/");
  expect(first.body).toBe("1");
  expect((await ask(port, "/", { cookie: cookieOf(first) })).body).toBe("2");
});
