import { once } from "node:events";
import { createServer, IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createApp, eventHandler, toNodeListener } from "h3";
import { createProxyMiddleware } from "http-proxy-middleware";
import { inject } from "light-my-request";
import { fetchNodeRequestHandler } from "node-mock-http";
import { createMocks } from "node-mocks-http";
import serverless from "serverless-http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import request from "supertest";
import { afterEach, describe, expect, test, vi } from "vitest";
import { session as forExpress } from "../src/adapters/express.js";
import { session as expressSession } from "../src/express-session/index.js";
import { Stage } from "../test-support/stage.js";
import { closeServers, listen } from "../test-support/test-client.js";

// What only looks like a response of Node's, or wraps one: sign in, read, a failed save, a slow store. Right, or an error.

interface Answer {
  readonly status: number;
  readonly cookie: string | undefined;
  readonly body: string;
}
type Ask = (path: string, cookie?: string) => Promise<Answer>;

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

async function site() {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const stage = new Stage();
  const sessions = await stage.manager();
  const listener: RequestListener = async (req, res) => {
    const session = await sessions.start(req, res);
    if (req.url === "/in") session.set("user", "ada");
    if (req.url === "/fail") {
      session.set("user", "eve");
      stage.down = true;
    }
    res.setHeader("X-App", "1");
    res.writeHead(200, { "Content-Type": "text/plain" });
    res.end(`user ${session.get("user")}`);
  };
  return { stage, sessions, listener };
}

const cookieIn = (lines: string | string[] | undefined): string | undefined =>
  [lines ?? []]
    .flat()
    .find((line) => line.startsWith("sessionid="))
    ?.split(";")[0];

/** Each calls a listener of node:http in its own way. */
const ways: Record<string, (listener: RequestListener) => Promise<Ask>> = {
  supertest: async (listener) => {
    const agent = createServer(listener);
    return async (path, cookie) => {
      const answer = await request(agent)
        .get(path)
        .set(cookie === undefined ? {} : { Cookie: cookie });
      const lines = answer.headers["set-cookie"] as unknown as string[] | undefined;
      return { status: answer.status, cookie: cookieIn(lines), body: answer.text };
    };
  },
  "light-my-request": async (listener) => async (path, cookie) => {
    const answer = await inject(listener as never, { url: path, headers: cookie === undefined ? {} : { cookie } });
    return { status: answer.statusCode, cookie: cookieIn(answer.headers["set-cookie"]), body: answer.payload };
  },
  "serverless-http": async (listener) => {
    const handler = serverless(listener as never, { provider: "aws" });
    return async (path, cookie) => {
      const headers = cookie === undefined ? {} : { cookie };
      const event = { httpMethod: "GET", path, headers, requestContext: {} };
      const answer = (await handler(event, {})) as {
        statusCode: number;
        headers: Record<string, string>;
        multiValueHeaders?: Record<string, string[]>;
        body: string;
      };
      const lines = answer.multiValueHeaders?.["set-cookie"] ?? answer.headers["set-cookie"];
      return { status: answer.statusCode, cookie: cookieIn(lines), body: answer.body };
    };
  },
  "node-mocks-http": async (listener) => async (path, cookie) => {
    const { req, res } = createMocks<IncomingMessage, ServerResponse & ReturnType<typeof createMocks>["res"]>(
      { method: "GET", url: path, headers: cookie === undefined ? {} : { cookie } } as never,
      { eventEmitter: (await import("node:events")).EventEmitter },
    );
    const ended = once(res, "end");
    await listener(req as never, res as never);
    await ended;
    const lines = res.getHeader("set-cookie") as string | string[] | undefined;
    return { status: res._getStatusCode(), cookie: cookieIn(lines), body: res._getData() };
  },
  "http-proxy-middleware in front": async (listener) => {
    const target = `http://127.0.0.1:${await listen(createServer(listener))}`;
    const proxy = createProxyMiddleware({ target });
    const port = await listen(createServer((req, res) => void proxy(req, res)));
    return askAt(port);
  },
};

function askAt(port: number): Ask {
  return async (path, cookie) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: cookie === undefined ? {} : { cookie } });
    return { status: answer.status, cookie: cookieIn(answer.headers.getSetCookie()), body: await answer.text() };
  };
}

describe.each(Object.entries(ways))("%s", (_name, way) => {
  test("sign in and read", async () => {
    const { listener } = await site();
    const ask = await way(listener);
    const { cookie, ...first } = await ask("/in");
    expect(first).toEqual({ status: 200, body: "user ada" });
    expect(cookie).toMatch(/^sessionid=./);
    expect(await ask("/", cookie)).toEqual({ status: 200, cookie: undefined, body: "user ada" });
  });

  test("a failed save is a 503 without a cookie", async () => {
    const { listener, stage } = await site();
    const ask = await way(listener);
    const answer = await ask("/fail");
    expect(answer).toEqual({ status: 503, cookie: undefined, body: "The session could not be stored.\n" });
    stage.down = false;
  });

  test("a slow store is waited for", async () => {
    const { listener, stage } = await site();
    stage.delay = 50;
    const ask = await way(listener);
    const { cookie, status, body } = await ask("/in");
    expect([status, body]).toEqual([200, "user ada"]);
    expect((await ask("/", cookie)).body).toBe("user ada");
  });
});

describe("node-mock-http, which takes the response when its handler returns", () => {
  const ask = async (listener: (req: never, res: never) => unknown, path: string) => {
    const answer = await fetchNodeRequestHandler(listener as never, `http://a.test${path}`);
    return { status: answer.status, cookie: cookieIn(answer.headers.getSetCookie()), body: await answer.text() };
  };

  test("is right where the handler waits for the save", async () => {
    const { sessions } = await site();
    const listener = async (req: IncomingMessage, res: ServerResponse) => {
      const session = await sessions.start(req, res);
      session.set("user", "ada");
      await session.release();
      res.end(`user ${session.get("user")}`);
    };
    expect(await ask(listener as never, "/in")).toMatchObject({
      status: 200,
      cookie: expect.stringMatching(/^sessionid=./),
      body: "user ada",
    });
  });

  test("is right for one that changes nothing, and an error for one that does not wait: never an empty 200", async () => {
    const { listener } = await site();
    expect(await ask(listener as never, "/")).toMatchObject({ status: 200, body: "user undefined" });
    const answer = await ask(listener as never, "/in");
    expect(answer.status === 200 ? answer.body : "an error").toBe(answer.status === 200 ? "user ada" : "an error");
    expect(answer.status === 200 ? answer.cookie : "none").not.toBe(undefined);
  });

  test("as h3 v1, as Nitro has it, calls within the server", async () => {
    const { sessions, stage } = await site();
    const app = createApp().use(
      eventHandler(async (event) => {
        const session = await sessions.start(event.node.req, event.node.res);
        if (event.path === "/in") session.set("user", "ada");
        await session.release();
        return `user ${session.get("user")}`;
      }),
    );
    const listener = toNodeListener(app);
    const signed = await ask(listener as never, "/in");
    expect(signed).toMatchObject({ status: 200, cookie: expect.stringMatching(/^sessionid=./), body: "user ada" });
    stage.down = true;
    expect((await ask(listener as never, "/in")).status).toBe(503);
  });
});

describe("engine.io, as socket.io 4.8 has it", () => {
  test.each(["polling", "websocket"] as const)("by %s: the session is there, and prolonged", async (transport) => {
    for (const kind of ["express", "express-session"] as const) {
      let now = Date.now();
      const stage = new Stage();
      const sessions = await stage.manager({ now: () => now, maxLifetime: 1000 });
      const made = await sessions.handle(new Request("http://a.test/"), (session) => {
        session.set("user", "ada");
        return new Response("in");
      });
      const cookie = cookieIn(made.headers.getSetCookie()) ?? "";
      now += 500_000;
      const server = createServer();
      const port = await listen(server);
      const sockets = new Server(server);
      sockets.engine.use(kind === "express" ? forExpress(sessions) : expressSession({ sessions }));
      const user = new Promise<unknown>((resolve) => {
        sockets.on("connection", async ({ request: req }) => {
          const given = req as unknown as { session: (() => Promise<{ get(f: string): unknown }>) & { user?: string } };
          resolve(kind === "express" ? (await given.session()).get("user") : given.session.user);
        });
      });
      const client = io(`http://127.0.0.1:${port}`, { transports: [transport], extraHeaders: { cookie } });
      expect(await user).toBe("ada");
      await vi.waitFor(() => expect(stage.calls).toContain("touch"));
      client.close();
      await sockets.close();
    }
  });

  test("a store that is down at the handshake refuses it, and the server keeps running", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const stage = new Stage();
    const sessions = await stage.manager();
    const server = createServer();
    const port = await listen(server);
    const sockets = new Server(server);
    sockets.engine.use(expressSession({ sessions }));
    stage.down = true;
    const cookie = `sessionid=${"A".repeat(43)}`;
    const options = { transports: ["websocket"], extraHeaders: { cookie }, reconnection: false };
    const client = io(`http://127.0.0.1:${port}`, options);
    await expect(new Promise((_, reject) => client.on("connect_error", reject))).rejects.toBeInstanceOf(Error);
    stage.down = false;
    const again = io(`http://127.0.0.1:${port}`, { ...options, forceNew: true });
    await new Promise<void>((resolve) => again.on("connect", resolve));
    client.close();
    again.close();
    await sockets.close();
  });
});

test("a simulated request, on a socket that was never connected", async () => {
  const { sessions } = await site();
  const { ServerResponse: Response } = await import("node:http");
  const req = new IncomingMessage(new Socket());
  const session = await sessions.start(req, new Response(req));
  session.set("n", 1);
  await session.release();
  expect(await sessions.exists(session.id)).toBe(true);
});
