import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createRequire } from "node:module";
import { createAdaptorServer } from "@hono/node-server";
import express5, { type ErrorRequestHandler, type RequestHandler } from "express";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import * as h3 from "h3";
import * as h3v2 from "h3-2";
import { Hono } from "hono";
import Koa from "koa";
import { afterEach, describe, expect, test, vi } from "vitest";
import { session as forExpress } from "../../src/adapters/express.js";
import { type FastifyPlugin, session as forFastify } from "../../src/adapters/fastify.js";
import { sessionPlugin as forH3 } from "../../src/adapters/h3.js";
import { session as forHono } from "../../src/adapters/hono.js";
import { session as forKoa } from "../../src/adapters/koa.js";
import { sessionHandle as forSvelteKit } from "../../src/adapters/sveltekit.js";
import type { ResponseEvent } from "../../src/diagnostics.js";
import { session as forFastifySession, type SessionMethods } from "../../src/fastify-session/index.js";
import { session as forKoaSession, type SessionMembers } from "../../src/koa-session/index.js";
import type { StoreManager } from "../../src/manager/manager.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";
import { type Ask, ask, askHttp2, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

// What must be true of every surface, over real sockets. What is a matter of one framework is in that one's file.

// Whose types are those of Express 5, as far as they are used here.
const express4: typeof express5 = createRequire(import.meta.url)("express4");

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}
type Getter = () => Promise<SessionStore<SessionData>>;
type Route = (session: Getter, path: string) => Promise<Reply> | Reply;
interface Failure {
  readonly status?: number;
  readonly code?: string;
  readonly message: string;
}

/** The page of every application's own error handler. */
const page = (error: Failure) => `the application's page: ${error.code ?? error.message}`;

type Surface = (sessions: StoreManager<SessionData>, route: () => Route) => Promise<Server>;

const express = (create: () => express5.Express): Surface => {
  return async (sessions, route) => {
    const app = create();
    app.use(forExpress(sessions));
    const handler: RequestHandler = async (req, res, next) => {
      try {
        const reply = await route()(() => req.session(), req.path);
        for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
        res.status(reply.status ?? 200).send(reply.body ?? "");
      } catch (error) {
        next(error); // Which Express 5 does by itself.
      }
    };
    app.use(handler);
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(error.status ?? 500).send(page(error));
    };
    app.use(onError);
    return createServer(app as RequestListener);
  };
};

/** Code that has its own handler, and its own page for errors. */
const bare = (sessions: StoreManager<SessionData>, route: () => Route) => {
  return async (req: IncomingMessage, res: ServerResponse) => {
    try {
      const { status, headers, body } = await route()(() => sessions.start(req, res), req.url ?? "");
      res.writeHead(status ?? 200, headers).end(body);
    } catch (error) {
      res.writeHead((error as Failure).status ?? 500).end(page(error as Failure));
    }
  };
};

/** Fastify 5 with a plugin, and the session that its requests have. */
const onFastify = (
  pluginOf: (sessions: StoreManager<SessionData>) => FastifyPlugin,
  getterOf: (sessions: StoreManager<SessionData>, request: FastifyRequest, reply: FastifyReply) => Getter,
): Surface => {
  return async (sessions, route) => {
    const app = fastify();
    app.register(pluginOf(sessions));
    app.setErrorHandler((error: Failure, _request, reply) => reply.code(error.status ?? 500).send(page(error)));
    app.all("/*", async (request, reply) => {
      const { status, headers, body } = await route()(getterOf(sessions, request, reply), request.url);
      return reply
        .code(status ?? 200)
        .headers(headers ?? {})
        .send(body ?? "");
    });
    await app.ready();
    return app.server;
  };
};

/** Koa 3 with a middleware, and the session that its contexts have. */
const onKoa = (
  middlewareOf: (sessions: StoreManager<SessionData>) => Koa.Middleware,
  getterOf: (sessions: StoreManager<SessionData>, ctx: Koa.Context) => Getter,
): Surface => {
  return async (sessions, route) => {
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = (error as Failure).status ?? 500;
        ctx.body = page(error as Failure);
      }
    });
    app.use(middlewareOf(sessions));
    app.use(async (ctx) => {
      const { status, headers, body } = await route()(getterOf(sessions, ctx), ctx.path);
      ctx.set(headers ?? {});
      ctx.status = status ?? 200;
      ctx.body = body ?? "";
    });
    return createServer(app.callback());
  };
};

/** Headers of which some have several values, as the Fetch standard has them. */
function headersOf(headers: Reply["headers"] = {}): Headers {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return new Headers(pairs);
}

const surfaces: Record<string, Surface> = {
  "node:http": async (sessions, route) => createServer(bare(sessions, route)),
  "node:http2": async (sessions, route) =>
    createHttp2Server(bare(sessions, route) as unknown as Parameters<typeof createHttp2Server>[0]) as unknown as Server,

  Fetch: async (sessions, route) => {
    const fetch = async (request: Request) => {
      const exchange = sessions.begin(request);
      try {
        const { status, headers, body } = await route()(() => exchange.session(), new URL(request.url).pathname);
        return await exchange.respond(new Response(body ?? "", { status: status ?? 200, headers: headersOf(headers) }));
      } catch (error) {
        const { status } = error as Failure;
        return exchange.respond(new Response(page(error as Failure), { status: status ?? 500 }));
      }
    };
    return createAdaptorServer({ fetch }) as Server;
  },

  "Express 5": express(() => express5()),
  "Express 4": express(() => express4()),

  "Fastify 5": onFastify(forFastify, (_sessions, request) => () => request.session()),

  "Koa 3": onKoa(forKoa, (_sessions, ctx) => () => ctx.session()),

  "h3 1": async (sessions, route) => {
    const onError = (error: h3.H3Error, event: h3.H3Event) => h3.send(event, page((error.cause ?? error) as Failure));
    const app = h3.createApp({ onError });
    forH3(sessions)(app);
    const handler = h3.eventHandler(async (event) => {
      const { status, headers, body } = await route()(() => event.context.session(), event.path);
      h3.setResponseHeaders(event, headers ?? {});
      h3.setResponseStatus(event, status ?? 200);
      return body ?? "";
    });
    return createServer(h3.toNodeListener(app.use(handler)));
  },

  "h3 2": async (sessions, route) => {
    const onError = (error: h3v2.HTTPError) =>
      new Response(page((error.cause ?? error) as Failure), { status: error.status });
    const app = new h3v2.H3({ onError, silent: true }).register(forH3(sessions));
    app.all("/**", async (event) => {
      // The adapter extends the types of "h3", which is version 1 here.
      const getter = event.context.session as Getter;
      const { status, headers, body } = await route()(getter, event.url.pathname);
      return new Response(body ?? "", { status: status ?? 200, headers: headersOf(headers) });
    });
    return createServer(h3v2.toNodeHandler(app) as RequestListener);
  },

  // With a stand-in for SvelteKit, which needs a build: `npm run check:frameworks` has the real one.
  SvelteKit: async (sessions, route) => {
    const handle = forSvelteKit(sessions, { building: false });
    const fetch = (request: Request) => {
      const locals = {} as { session: Getter };
      const resolve = async () => {
        try {
          const reply = await route()(() => locals.session(), new URL(request.url).pathname);
          return new Response(reply.body ?? "", { status: reply.status ?? 200, headers: headersOf(reply.headers) });
        } catch (error) {
          const { status } = error as Failure;
          return new Response(page(error as Failure), { status: status ?? 500 });
        }
      };
      const event = { request, locals, isSubRequest: false, cookies: { set: vi.fn() } };
      return handle({ event, resolve });
    };
    return createAdaptorServer({ fetch }) as Server;
  },

  "Hono 4": async (sessions, route) => {
    const app = new Hono();
    app.use(forHono(sessions));
    app.onError((error) => new Response(page(error), { status: (error as Failure).status ?? 500 }));
    app.all("*", async (c) => {
      const { status, headers, body } = await route()(() => c.var.session(), c.req.path);
      return new Response(body ?? "", { status: status ?? 200, headers: headersOf(headers) });
    });
    return createAdaptorServer({ fetch: app.fetch }) as Server;
  },
};

type Properties = Record<string, unknown>;

/** What the trials use of a session, over the properties of a drop-in's. `update` it does not have. */
function overProperties(
  properties: () => Properties,
  own: Pick<SessionStore<SessionData>, "id" | "regenerate" | "destroy" | "update">,
): Getter {
  const session = {
    ...own,
    get: (field: string) => properties()[field],
    set: (field: string, value: unknown) => {
      properties()[field] = value;
    },
  };
  return async () => session as unknown as SessionStore<SessionData>;
}

/** The APIs of other packages. With them every request asks for its session. */
const dropIns: Record<string, Surface> = {
  "@fastify/session's API": onFastify(
    (sessions) => forFastifySession({ sessions }),
    (sessions, request, reply) => {
      const present = () => (request as unknown as { session: SessionMethods & Properties }).session;
      return overProperties(present, {
        id: present().sessionId,
        regenerate: () => present().regenerate(Object.keys(present())),
        destroy: () => present().destroy(),
        update: async (...args) => (await sessions.start(request.raw, reply.raw)).update(...args),
      });
    },
  ),

  "koa-session's API": onKoa(
    (sessions) => forKoaSession({ sessions }),
    (sessions, context) => {
      const ctx = context as unknown as { session: (SessionMembers & Properties) | null };
      const present = () => ctx.session as SessionMembers & Properties;
      return overProperties(present, {
        id: present().externalKey,
        regenerate: () => present().regenerate(),
        destroy: async () => {
          ctx.session = null;
        },
        update: async (...args) => (await sessions.start(context.req, context.res)).update(...args),
      });
    },
  ),
};

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

async function site(surface: Surface) {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const stage = new Stage();
  const manager = await stage.manager();
  let route: Route = () => ({});
  const server = await surface(manager, () => route);
  const port = await listen(server);
  const visit = (next: Route, options?: Ask, path = "/") => {
    route = next;
    return surface === surfaces["node:http2"] ? askHttp2(port, path, options) : ask(port, path, options);
  };
  const signIn = async () => {
    const answer = await visit(async (session) => {
      (await session()).set("user", "ada");
      return {};
    });
    return cookieOf(answer);
  };
  return { stage, manager, visit, signIn };
}

const who: Route = async (session) => {
  const found = await session();
  return { body: `${found.get("user")} ${found.get("n")}` };
};

const asksAlways = (surface: Surface) => Object.values(dropIns).includes(surface);

describe.each(Object.entries({ ...surfaces, ...dropIns }))("%s", (_name, surface) => {
  test("signs in, greets, signs out", async () => {
    const { stage, visit, signIn } = await site(surface);
    const cookie = await signIn();
    expect(stage.calls).toEqual(["create"]);
    const greeting = await visit(who, { cookie });
    expect(greeting.body).toBe("ada undefined");
    expect(greeting.headers.vary).toBe("Cookie");
    expect(greeting.headers["set-cookie"]).toBe(undefined);
    const out = await visit(
      async (session) => {
        await (await session()).destroy();
        return { status: 303, headers: { Location: "/" } };
      },
      { cookie },
    );
    expect([out.status, out.headers.location]).toEqual([303, "/"]);
    expect(out.headers["set-cookie"]?.[0]).toMatch(/^sessionid=;.*Max-Age=0/);
    expect((await visit(who, { cookie })).body).toBe("undefined undefined");
  });

  test("a new id at sign-in; the old one opens no session", async () => {
    const { visit, signIn } = await site(surface);
    const cookie = await signIn();
    const answer = await visit(
      async (session) => {
        const found = await session();
        found.set("n", 1);
        await found.regenerate();
        return {};
      },
      { cookie },
    );
    expect(cookieOf(answer)).not.toBe(cookie);
    expect((await visit(who, { cookie: cookieOf(answer) })).body).toBe("ada 1");
    expect((await visit(who, { cookie })).body).toBe("undefined undefined");
  });

  test.skipIf(asksAlways(surface))(
    "20 files that never ask cost no access to the store, and are cacheable",
    async () => {
      const { stage, visit, signIn } = await site(surface);
      const cookie = await signIn();
      stage.calls.length = 0;
      for (let i = 0; i < 20; i++) {
        const answer = await visit(() => ({ body: "file" }), { cookie }, `/file-${i}.css`);
        expect(answer.body).toBe("file");
        expect(answer.headers.vary).toBe(undefined);
        expect(answer.headers["cache-control"]).toBe(undefined);
      }
      expect(stage.calls).toEqual([]);
    },
  );

  test("a redirect followed at once finds the session: 20 clients of a store that takes 300 ms", async () => {
    const { stage, visit } = await site(surface);
    stage.delay = 300;
    const route: Route = async (session, path) => {
      const found = await session();
      if (path === "/") return { body: String(found.get("step")) };
      found.set("step", path);
      return { status: 303, headers: { Location: "/" } };
    };
    const client = async (path: string) => {
      const redirect = await visit(route, {}, path);
      return (await visit(route, { cookie: cookieOf(redirect) }, redirect.headers.location)).body;
    };
    const paths = Array.from({ length: 20 }, (_, step) => `/${step}`);
    expect(await Promise.all(paths.map(client))).toEqual(paths);
  });

  test("nothing leaves before the session is stored", async () => {
    const { stage, visit, signIn } = await site(surface);
    const create = stage.hold("create");
    let seen = false;
    const signing = signIn().then((cookie) => {
      seen = true;
      return cookie;
    });
    await create.reached;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(false);
    await create.proceed();
    expect((await visit(who, { cookie: await signing })).body).toBe("ada undefined");
  });

  test("a failed save is a failed response without a cookie", async () => {
    const { stage, visit, manager } = await site(surface);
    const answer = await visit(async (session) => {
      (await session()).set("user", "ada");
      stage.down = true;
      return { body: "welcome" };
    });
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain("welcome");
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(await manager.count()).toBe(0);
  });

  test("a store that is down at read is a 503 by the application's own page, never a new session", async () => {
    const { stage, visit, signIn } = await site(surface);
    const cookie = await signIn();
    stage.down = true;
    const answer = await visit(who, { cookie });
    expect(answer).toMatchObject({ status: 503, body: "the application's page: SESS_UNAVAILABLE" });
    expect(answer.headers["set-cookie"]).toBe(undefined);
    stage.down = false;
    expect((await visit(who, { cookie })).body).toBe("ada undefined");
  });

  test("a handler that throws is the application's own page, and what it changed is discarded", async () => {
    const { visit, signIn } = await site(surface);
    const cookie = await signIn();
    const answer = await visit(
      async (session) => {
        (await session()).set("user", "eve");
        throw new Error("broken");
      },
      { cookie },
    );
    expect(answer).toMatchObject({ status: 500, body: "the application's page: broken" });
    expect((await visit(who, { cookie })).body).toBe("ada undefined");
  });

  test("it is the answer that decides: an error that the application answers with 404 keeps what was changed", async () => {
    const { visit, signIn } = await site(surface);
    const cookie = await signIn();
    const answer = await visit(
      async (session) => {
        (await session()).set("n", 1);
        throw Object.assign(new Error("nowhere"), { status: 404 });
      },
      { cookie },
    );
    expect(answer).toMatchObject({ status: 404, body: "the application's page: nowhere" });
    expect((await visit(who, { cookie })).body).toBe("ada 1");
  });

  test("a 5xx discards what was changed; a new id goes out with it all the same", async () => {
    const { visit, signIn } = await site(surface);
    const cookie = await signIn();
    const answer = await visit(
      async (session) => {
        const found = await session();
        await found.regenerate();
        found.set("user", "eve");
        return { status: 502 };
      },
      { cookie },
    );
    expect(answer.status).toBe(502);
    expect((await visit(who, { cookie: cookieOf(answer) })).body).toBe("ada undefined");
  });

  test("a session that ended meanwhile is a 409", async () => {
    const { visit, manager, signIn } = await site(surface);
    const cookie = await signIn();
    const answer = await visit(
      async (session) => {
        const found = await session();
        await (await manager.load(found.id))?.destroy();
        found.set("n", 1);
        return { body: "saved" };
      },
      { cookie },
    );
    expect(answer.status).toBe(409);
    expect(answer.headers["set-cookie"]).toBe(undefined);
  });

  test("other cookies and headers are kept", async () => {
    const { visit } = await site(surface);
    const answer = await visit(async (session) => {
      (await session()).set("n", 1);
      return { headers: { "Set-Cookie": ["a=1", "b=2"], Vary: "Accept", "X-App": "1" } };
    });
    expect(answer.headers["set-cookie"]?.slice(0, 2)).toEqual(["a=1", "b=2"]);
    expect(answer.headers["set-cookie"]).toHaveLength(3);
    expect(answer.headers).toMatchObject({ vary: "Accept, Cookie", "x-app": "1", "cache-control": "no-store" });
  });

  test("asked twice it is the same session, loaded once", async () => {
    const { stage, visit, signIn } = await site(surface);
    const cookie = await signIn();
    stage.calls.length = 0;
    const answer = await visit(
      async (session) => {
        const [one, two] = await Promise.all([session(), session()]);
        return { body: String(one === two && two === (await session())) };
      },
      { cookie },
    );
    expect(answer.body).toBe("true");
    expect(stage.calls).toEqual(["read"]);
  });

  test("writers in parallel lose nothing of each other", async () => {
    const { visit, signIn } = await site(surface);
    const cookie = await signIn();
    const write: Route = async (session, path) => {
      const found = await session();
      found.set(path, 1);
      await found.update("n", (n) => Number(n ?? 0) + 1);
      return {};
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => visit(write, { cookie }, `/${i}`)));
    const all: Route = async (session) => {
      const found = await session();
      return { body: `${found.get("n")} ${Array.from({ length: 10 }, (_, i) => found.get(`/${i}`)).join("")}` };
    };
    expect((await visit(all, { cookie })).body).toBe("10 1111111111");
  });

  test.skipIf(asksAlways(surface))(
    "one event says what became of the cookie, and none where nobody asked for the session",
    async () => {
      const outcomes: string[] = [];
      const listener = (event: unknown) => void outcomes.push((event as ResponseEvent).cookie);
      subscribe("sess:response", listener);
      const { visit, signIn } = await site(surface);
      const cookie = await signIn();
      await visit(who, { cookie });
      await visit(who);
      await visit(() => ({ body: "file" }), { cookie });
      unsubscribe("sess:response", listener);
      expect(outcomes).toEqual(["set", "unchanged", "empty"]);
    },
  );

  test("HEAD", async () => {
    const { visit } = await site(surface);
    const answer = await visit(
      async (session) => {
        (await session()).set("n", 1);
        return { body: "body" };
      },
      { method: "HEAD" },
    );
    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(cookieOf(answer)).not.toBe(undefined);
  });
});
