import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import express5, { type Express, type RequestHandler } from "express";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { session } from "../../src/adapters/express.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

// None of the two has types of its own, or has them here.
const require = createRequire(import.meta.url);
const express4: typeof express5 = require("express4");
const compression: (options?: object) => RequestHandler = require("compression");

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

async function site(app: Express, routes: (app: Express) => void) {
  const stage = new Stage();
  const manager = await stage.manager();
  routes(app.use(session(manager)));
  return { stage, manager, port: await listen(createServer(app as RequestListener)) };
}

/** Sets a field and leaves the answering to the next handler. */
const remember: RequestHandler = async (req, _res, next) => {
  (await req.session()).set("n", 1);
  next();
};

describe.each([
  ["Express 5", () => express5()],
  ["Express 4", () => express4()],
])("%s", (_name, create) => {
  test("static files, with a session at hand that nobody asks for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sess-"));
    for (let i = 0; i < 20; i++) writeFileSync(join(folder, `${i}.css`), `a{}${i}`);
    const { stage, port } = await site(create(), (app) => app.use(express5.static(folder)));
    for (let i = 0; i < 20; i++) {
      const answer = await ask(port, `/${i}.css`, { cookie: `sessionid=${"A".repeat(43)}` });
      expect(answer).toMatchObject({ status: 200, body: `a{}${i}` });
      expect(answer.headers.vary).toBe(undefined);
    }
    expect(stage.calls).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test("what Express can answer with: send, json, redirect, sendStatus, a file, a stream, render's callback", async () => {
    const { port } = await site(create(), (app) => {
      app.use(remember);
      app.get("/text", (_req, res) => void res.send("text"));
      app.get("/json", (_req, res) => void res.json({ a: 1 }));
      app.get("/redirect", (_req, res) => res.redirect(301, "/text"));
      app.get("/status", (_req, res) => void res.sendStatus(404));
      app.get("/file", (_req, res) => res.sendFile(import.meta.filename));
      app.get("/stream", (_req, res) => void Readable.from(["a", "b"]).pipe(res));
      app.get("/buffer", (_req, res) => void res.type("bin").send(Buffer.from("bytes")));
    });
    const answers = await Promise.all(
      ["text", "json", "redirect", "status", "file", "stream", "buffer"].map((path) => ask(port, `/${path}`)),
    );
    for (const answer of answers) expect(cookieOf(answer)).not.toBe(undefined);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 301, 404, 200, 200, 200]);
    expect(answers.map(({ body }) => body).filter((_, i) => i !== 2 && i !== 4)).toEqual([
      "text",
      '{"a":1}',
      "Not Found",
      "ab",
      "bytes",
    ]);
    expect(answers[2]?.headers.location).toBe("/text");
    expect(answers[4]?.body).toContain("import.meta.filename");
  });

  test("an answer that is still fresh is a 304, with the session stored", async () => {
    const { stage, port } = await site(create(), (app) => app.use(remember).get("/", (_q, res) => void res.send("x")));
    const first = await ask(port, "/");
    const again = await ask(port, "/", { headers: { "If-None-Match": String(first.headers.etag) } });
    expect(again).toMatchObject({ status: 304, body: "" });
    expect(stage.calls).toEqual(["create", "create"]);
  });

  test.each(["around", "inside"])("compression %s the session", async (where) => {
    const text = "session ".repeat(50_000);
    const app = create();
    if (where === "around") app.use(compression({ threshold: 0 }));
    const { stage, port } = await site(app, (inner) => {
      inner.use(remember);
      if (where === "inside") inner.use(compression({ threshold: 0 }));
      inner.get("/send", (_req, res) => void res.type("text").send(text));
      inner.get("/pipe", (_req, res) => void Readable.from([text, text], { objectMode: false }).pipe(res.type("text")));
    });
    for (const path of ["send", "pipe"]) {
      const create = stage.hold("create");
      const answering = bytesOf(port, `/${path}`);
      await create.reached;
      await create.proceed();
      const { headers, body } = await answering;
      expect(headers["content-encoding"]).toBe("gzip");
      expect(headers["set-cookie"]?.[0]).toMatch(/^sessionid=/);
      expect(String(headers.vary)).toMatch(/Accept-Encoding/);
      expect(String(headers.vary)).toMatch(/Cookie/);
      expect(gunzipSync(body).toString()).toBe(path === "send" ? text : text + text);
    }
  });

  test("compression of what is piped while the first bytes are held", async () => {
    const text = "session ".repeat(50_000);
    let go = () => {};
    const { stage, port } = await site(create(), (app) => {
      app.use(remember, compression({ threshold: 0 })).get("/", (_req, res) => {
        res.type("text").write("first ");
        go = () => void Readable.from([text], { objectMode: false }).pipe(res);
      });
    });
    const call = stage.hold("create");
    const answering = bytesOf(port, "/");
    await call.reached;
    go();
    await call.proceed();
    expect(gunzipSync((await answering).body).toString()).toBe(`first ${text}`);
  });

  test("after the first byte: a change that needs a cookie is refused, one that does not is stored", async () => {
    const codes: unknown[] = [];
    const { port } = await site(create(), (app) => {
      app.get("/late", async (req, res) => {
        res.write("a");
        const found = await req.session();
        try {
          found.set("n", 2);
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
        res.end(String(found.get("n")));
      });
      app.get("/", remember, (_req, res) => void res.send("ok"));
    });
    expect((await ask(port, "/late")).body).toBe("aundefined");
    expect(codes).toEqual(["SESS_HEADERS_SENT"]);
    const cookie = cookieOf(await ask(port, "/"));
    expect((await ask(port, "/late", { cookie })).body).toBe("a2");
    expect((await ask(port, "/late", { cookie })).body).toBe("a2");
    expect(codes).toHaveLength(1);
  });

  test("without an error handler of its own, Express answers with the status of the error", async () => {
    const { stage, port } = await site(create(), (app) => {
      app.set("env", "test");
      app.get("/", (req, _res, next) => void req.session().then(() => next(), next));
    });
    stage.down = true;
    const answer = await ask(port, "/", { cookie: `sessionid=${"A".repeat(43)}` });
    expect(answer.status).toBe(503);
  });

  test("in an application that is mounted", async () => {
    const { port } = await site(create(), (app) => {
      const inner = create();
      inner.get("/", remember, (_req, res) => void res.send("inner"));
      app.use("/inner", inner);
    });
    const answer = await ask(port, "/inner");
    expect(answer.body).toBe("inner");
    expect(cookieOf(answer)).not.toBe(undefined);
  });
});

test("types: the session's fields, or those that are named", () => {
  const handler: RequestHandler = async (req) => {
    expectTypeOf(await req.session()).toEqualTypeOf<SessionStore<SessionData>>();
    expectTypeOf((await req.session<{ user: string }>()).get("user")).toEqualTypeOf<string | undefined>();
  };
  expectTypeOf(handler).toBeFunction();
});

async function bytesOf(port: number, path: string) {
  const answer = await ask(port, path, { headers: { "Accept-Encoding": "gzip" }, encoding: "latin1" });
  return { headers: answer.headers, body: Buffer.from(answer.body, "latin1") };
}
