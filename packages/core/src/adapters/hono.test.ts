import { gunzipSync } from "node:zlib";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { HTTPException } from "hono/http-exception";
import { stream } from "hono/streaming";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { Stage } from "../../test-support/stage.js";
import type { SessionData, SessionStore } from "../session/session-store.js";
import { session } from "./hono.js";

// By app.request(): the trials in trials.test.ts go over @hono/node-server.

afterEach(() => {
  vi.restoreAllMocks();
});

async function site(routes: (app: Hono, stage: Stage) => void) {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const stage = new Stage();
  const app = new Hono();
  app.use(session(await stage.manager()));
  routes(app, stage);
  const visit = (path: string, cookie = "") => app.request(path, { headers: { cookie, "Accept-Encoding": "gzip" } });
  return { stage, visit };
}

function cookieOf(response: Response): string | undefined {
  return response.headers
    .getSetCookie()
    .find((line) => line.startsWith("sessionid="))
    ?.split(";")[0];
}

describe("Hono 4", () => {
  test("what a handler can answer with; c.get and c.var are the same", async () => {
    const { visit } = await site((app) => {
      app.use(async (c, next) => {
        (await c.get("session")()).set("n", 1);
        c.header("X-App", "1");
        c.header("Set-Cookie", "a=1", { append: true });
        await next();
      });
      app.get("/text", (c) => c.text("text"));
      app.get("/json", (c) => c.json({ a: 1 }));
      app.get("/html", (c) => c.html("<p>html"));
      app.get("/redirect", (c) => c.redirect("/text", 303));
      app.get("/raw", () => Response.json({ raw: true }));
      app.get("/stream", (c) => stream(c, async (out) => void (await out.write("streamed"))));
      app.get("/same", async (c) => c.text(String((await c.var.session()) === (await c.get("session")()))));
    });
    const paths = ["/text", "/json", "/html", "/redirect", "/raw", "/stream", "/same", "/not-there"];
    const answers = await Promise.all(paths.map((path) => visit(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 303, 200, 200, 200, 404]);
    for (const answer of answers) expect(cookieOf(answer)).not.toBe(undefined);
    // Hono adds no headers to a response that was not made by its context.
    expect(answers.map(({ headers }) => headers.getSetCookie().length)).toEqual([2, 2, 2, 2, 1, 2, 2, 2]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(texts.slice(0, 7)).toEqual(["text", '{"a":1}', "<p>html", "", '{"raw":true}', "streamed", "true"]);
  });

  test("a failed save has nothing of the response that it takes the place of", async () => {
    const { visit } = await site((app, stage) => {
      app.get("/", async (c) => {
        (await c.var.session()).set("n", 1);
        stage.down = true;
        c.header("X-App", "1");
        c.header("Set-Cookie", "a=1");
        return c.text("saved");
      });
    });
    const answer = await visit("/");
    expect(answer.status).toBe(503);
    expect(answer.headers.get("x-app")).toBe(null);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test("HTTPException: its status decides, so a 4xx keeps what was changed and a 5xx does not", async () => {
    const { visit } = await site((app) => {
      app.get("/", async (c) => c.text(String((await c.var.session()).get("n"))));
      app.get("/:status", async (c) => {
        (await c.var.session()).set("n", c.req.path);
        throw new HTTPException(Number(c.req.param("status")) as 401, { message: "thrown" });
      });
    });
    const first = await visit("/401");
    expect([first.status, await first.text()]).toEqual([401, "thrown"]);
    const cookie = cookieOf(first);
    expect((await visit("/502", cookie)).status).toBe(502);
    expect(await (await visit("/", cookie)).text()).toBe("/401");
  });

  test("compression", async () => {
    const { visit } = await site((app) => {
      app.use(compress());
      app.get("/", async (c) => {
        (await c.var.session()).set("n", 1);
        return c.text("session ".repeat(1000));
      });
    });
    const answer = await visit("/");
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(cookieOf(answer)).not.toBe(undefined);
    expect(gunzipSync(await answer.arrayBuffer()).toString()).toBe("session ".repeat(1000));
  });

  test("asked for only while the body streams: what needs a cookie is refused, the rest is stored by release", async () => {
    const codes: string[] = [];
    let gone = () => {};
    const { visit } = await site((app) => {
      app.get("/in", async (c) => {
        (await c.var.session()).set("n", 1);
        return c.text("in");
      });
      app.get("/", async (c) => c.text(String((await c.var.session()).get("n"))));
      app.get("/stream", (c) =>
        stream(c, async (out) => {
          await new Promise<void>((resolve) => {
            gone = resolve;
          });
          const found = await c.var.session();
          try {
            found.set("n", 2);
            await found.release();
          } catch (error) {
            codes.push((error as { code: string }).code);
          }
          await out.write("streamed");
        }),
      );
    });
    const streamed = async (cookie?: string) => {
      const answer = await visit("/stream", cookie);
      gone();
      return answer.text();
    };
    expect(await streamed()).toBe("streamed");
    expect(codes).toEqual(["SESS_HEADERS_SENT"]);
    const cookie = cookieOf(await visit("/in"));
    expect(await streamed(cookie)).toBe("streamed");
    expect(await (await visit("/", cookie)).text()).toBe("2");
  });

  test("types: the session's fields, or those that are named", () => {
    new Hono().get("/", async (c) => {
      expectTypeOf(await c.var.session()).toEqualTypeOf<SessionStore<SessionData>>();
      expectTypeOf((await c.var.session<{ user: string }>()).get("user")).toEqualTypeOf<string | undefined>();
      return c.text("");
    });
  });
});
