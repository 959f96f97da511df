import { createServer } from "node:http";
import { Readable } from "node:stream";
import Koa, { type Context } from "koa";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { session } from "../../src/adapters/koa.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

async function site(handler: (ctx: Context, stage: Stage) => unknown) {
  const stage = new Stage();
  const manager = await stage.manager();
  const app = new Koa();
  const errors: unknown[] = [];
  app.on("error", (error: Error & { code?: string }) => errors.push(error.code ?? error.message));
  app.use(session(manager));
  app.use((ctx) => handler(ctx, stage) as Promise<void>);
  return { stage, manager, errors, port: await listen(createServer(app.callback())) };
}

describe("Koa 3", () => {
  test("every kind of body", async () => {
    const bodies: [make: () => unknown, text: string][] = [
      [() => "text", "text"],
      [() => ({ a: 1 }), '{"a":1}'],
      [() => Buffer.from("bytes"), "bytes"],
      [() => Readable.from(["a", "b"]), "ab"],
      [() => new Response("web").body, "web"],
      [() => new Blob(["blob"]), "blob"],
      [() => new Response("response"), "response"],
    ];
    const { port } = await site(async (ctx) => {
      (await ctx.session()).set("n", 1);
      ctx.body = bodies[Number(ctx.path.slice(1))]?.[0]();
    });
    for (const [i, [, text]] of bodies.entries()) {
      const answer = await ask(port, `/${i}`);
      expect(answer).toMatchObject({ status: 200, body: text });
      expect(cookieOf(answer)).not.toBe(undefined);
    }
  });

  test("no body at all: 204, 404, a redirect", async () => {
    const { port } = await site(async (ctx) => {
      (await ctx.session()).set("n", 1);
      if (ctx.path === "/nothing") ctx.status = 204;
      if (ctx.path === "/redirect") ctx.redirect("/next");
    });
    const answers = await Promise.all(["/nothing", "/not-there", "/redirect"].map((path) => ask(port, path)));
    expect(answers.map(({ status }) => status)).toEqual([204, 404, 302]);
    expect(answers[2]?.headers.location).toBe("/next");
    for (const answer of answers) expect(cookieOf(answer)).not.toBe(undefined);
  });

  test("ctx.throw: its status decides, so a 4xx keeps what was changed and a 5xx does not", async () => {
    const { port } = await site(async (ctx) => {
      const found = await ctx.session();
      if (ctx.path === "/") ctx.body = String(found.get("n"));
      else found.set("n", ctx.path);
      if (ctx.path !== "/") ctx.throw(Number(ctx.path.slice(1)), "thrown");
    });
    const first = await ask(port, "/401");
    expect(first).toMatchObject({ status: 401, body: "thrown" });
    const cookie = cookieOf(first);
    expect((await ask(port, "/502", { cookie })).status).toBe(502);
    expect((await ask(port, "/", { cookie })).body).toBe("/401");
  });

  test("ctx.respond = false: the raw response is held and stored as any other", async () => {
    const { port, stage } = await site(async (ctx) => {
      (await ctx.session()).set("n", 1);
      ctx.respond = false;
      ctx.res.writeHead(201, ["X-App", "1"]);
      ctx.res.end("raw");
    });
    const answer = await ask(port, "/");
    expect(answer).toMatchObject({ status: 201, body: "raw" });
    expect(cookieOf(answer)).not.toBe(undefined);
    expect(stage.calls).toEqual(["create"]);
  });

  test("a failed save comes to Koa's error handling: status, message and event", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { port, errors } = await site(async (ctx, stage) => {
      (await ctx.session()).set("n", 1);
      stage.down = true;
      ctx.body = "saved";
    });
    const answer = await ask(port, "/");
    expect(answer).toMatchObject({ status: 503, body: "Service Unavailable" });
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(errors).toEqual(["SESS_UNAVAILABLE"]);
  });

  test("a store that is down at read, which the handler can do without", async () => {
    const { port, stage } = await site(async (ctx) => {
      const found = await ctx.session().catch(() => undefined);
      ctx.body = String(found?.get("n") ?? "nobody");
    });
    stage.down = true;
    const answer = await ask(port, "/", { cookie: `sessionid=${"A".repeat(43)}` });
    expect(answer).toMatchObject({ status: 200, body: "nobody" });
  });

  test("types: the session's fields, or those that are named", () => {
    const middleware: Koa.Middleware = async (ctx) => {
      expectTypeOf(await ctx.session()).toEqualTypeOf<SessionStore<SessionData>>();
      expectTypeOf((await ctx.session<{ user: string }>()).get("user")).toEqualTypeOf<string | undefined>();
    };
    expectTypeOf(middleware).toBeFunction();
  });
});
