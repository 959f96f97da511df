import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import compress from "@fastify/compress";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { session } from "../../src/adapters/fastify.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

async function site(routes: (app: FastifyInstance, stage: Stage) => void, before?: (app: FastifyInstance) => void) {
  const stage = new Stage();
  const manager = await stage.manager();
  const app = fastify();
  before?.(app);
  app.register(session(manager));
  app.register(async (inner) => routes(inner, stage));
  await app.ready();
  return { stage, manager, app };
}

describe("Fastify 5", () => {
  test("what a reply can send: text, objects, buffers, streams, a redirect", async () => {
    const { app } = await site((routes) => {
      routes.addHook("preHandler", async (request) => (await request.session()).set("n", 1));
      routes.get("/text", async () => "text");
      routes.get("/object", (_request, reply) => void reply.send({ a: 1 }));
      routes.get("/buffer", async () => Buffer.from("bytes"));
      routes.get("/stream", async () => Readable.from(["a", "b"]));
      routes.get("/web", async () => new Response("web").body);
      routes.get("/nothing", (_request, reply) => void reply.code(204).send());
      routes.get("/redirect", (_request, reply) => reply.redirect("/text", 303));
    });
    const port = await listen(app.server);
    const paths = ["/text", "/object", "/buffer", "/stream", "/web", "/nothing", "/redirect"];
    const answers = await Promise.all(paths.map((path) => ask(port, path)));
    expect(answers.map(({ body }) => body)).toEqual(["text", '{"a":1}', "bytes", "ab", "web", "", ""]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 204, 303]);
    for (const answer of answers) expect(cookieOf(answer)).not.toBe(undefined);
  });

  test("inject", async () => {
    const { app } = await site((routes) => {
      routes.get("/", async (request) => {
        const found = await request.session();
        found.set("n", Number(found.get("n") ?? 0) + 1);
        return { n: found.get("n") };
      });
    });
    const first = await app.inject("/");
    const [cookie] = first.cookies;
    expect(cookie).toMatchObject({ name: "sessionid", httpOnly: true, sameSite: "Lax", path: "/" });
    const second = await app.inject({ url: "/", cookies: { sessionid: cookie?.value ?? "" } });
    expect([first.json(), second.json()]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("a hijacked reply is held and stored as any other", async () => {
    const { app, stage } = await site((routes) => {
      routes.get("/", async (request, reply) => {
        (await request.session()).set("n", 1);
        reply.hijack();
        reply.raw.writeHead(201, { "X-App": "1" }).end("raw");
      });
    });
    const answer = await ask(await listen(app.server), "/");
    expect(answer).toMatchObject({ status: 201, body: "raw" });
    expect(answer.headers["x-app"]).toBe("1");
    expect(cookieOf(answer)).not.toBe(undefined);
    expect(stage.calls).toEqual(["create"]);
  });

  test.each(["before", "after"])("@fastify/compress, registered %s it", async (where) => {
    const text = "session ".repeat(20_000);
    const compressed = (app: FastifyInstance) => void app.register(compress, { threshold: 0, encodings: ["gzip"] });
    const { app, stage } = await site(
      (routes) => {
        if (where === "after") compressed(routes);
        routes.register(async (inner) => {
          inner.addHook("preHandler", async (request) => (await request.session()).set("n", 1));
          inner.get("/text", async (_request, reply) => reply.type("text/plain").send(text));
          inner.get("/stream", async (_r, reply) => reply.type("text/plain").send(Readable.from([text], {})));
        });
      },
      where === "before" ? compressed : undefined,
    );
    const port = await listen(app.server);
    for (const path of ["/text", "/stream"]) {
      const create = stage.hold("create");
      const answering = ask(port, path, { headers: { "Accept-Encoding": "gzip" }, encoding: "latin1" });
      await create.reached;
      await create.proceed();
      const answer = await answering;
      expect(answer.headers["content-encoding"]).toBe("gzip");
      expect(cookieOf(answer)).not.toBe(undefined);
      expect(gunzipSync(Buffer.from(answer.body, "latin1")).toString()).toBe(text);
    }
  });

  test("a failed save comes to the application's error handler, and the stream nobody reads is destroyed", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const source = Readable.from(["never", "read"]);
    const seen: unknown[] = [];
    const { app } = await site((routes, stage) => {
      routes.setErrorHandler((error: Error & { code: string }, _request, reply) => {
        seen.push(error.code);
        reply.code(503).send("come back later");
      });
      routes.get("/", async (request) => {
        (await request.session()).set("n", 1);
        stage.down = true;
        return source;
      });
    });
    const answer = await ask(await listen(app.server), "/");
    expect(answer).toMatchObject({ status: 503, body: "come back later" });
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(seen).toEqual(["SESS_UNAVAILABLE"]);
    expect(source.destroyed).toBe(true);
  });

  test("without an error handler, Fastify's own says status and code", async () => {
    const { app, stage } = await site((routes) => {
      routes.get("/", async (request) => (await request.session()).id);
    });
    stage.down = true;
    const answer = await ask(await listen(app.server), "/", { cookie: `sessionid=${"A".repeat(43)}` });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 503, code: "SESS_UNAVAILABLE" });
  });

  test("types: the session's fields, or those that are named", () => {
    const hook = async (request: FastifyRequest) => {
      expectTypeOf(await request.session()).toEqualTypeOf<SessionStore<SessionData>>();
      expectTypeOf((await request.session<{ user: string }>()).get("user")).toEqualTypeOf<string | undefined>();
    };
    expectTypeOf(hook).toBeFunction();
  });
});
