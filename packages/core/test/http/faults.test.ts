import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import { Stage } from "../../test-support/stage.js";
import { ask, closeServers, cookieOf, listen } from "../../test-support/test-client.js";

// Each a report, or what the same cause may hit: the process goes on, and every client hears something true.

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
process.on("unhandledRejection", note);
const errors: unknown[] = [];
const onError = (message: unknown) => void errors.push((message as { error: unknown }).error);
const events: { cookie: string; code?: string }[] = [];
const onEvent = (message: unknown) => void events.push(message as { cookie: string });
subscribe("sess:error", onError);
subscribe("sess:response", onEvent);

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
  await turns();
  expect(unhandled.splice(0)).toEqual([]);
  errors.length = 0;
  events.length = 0;
});

async function setUp(config: ManagerConfig = {}) {
  const stage = new Stage();
  return { stage, sessions: await stage.manager(config) };
}

describe("whatever is thrown", () => {
  const thrown: [string, () => unknown][] = [
    ["an object without a prototype", () => Object.create(null)],
    ["an object whose toString throws", () => ({ toString: () => fail() })],
    ["an error whose toString throws", () => Object.assign(new Error("x"), { toString: () => fail() })],
    ["an error whose stack throws", () => Object.defineProperty(new Error("x"), "stack", { get: fail })],
    ["an error with a symbol for a name", () => Object.assign(new Error("x"), { name: Symbol("x") })],
    ["a proxy whose traps throw", () => new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail })],
    ["undefined", () => undefined],
    ["a symbol", () => Symbol("x")],
  ];
  function fail(): never {
    throw new Error("a trap");
  }

  test.each(thrown)("by a handler of node:http is a 500: %s", async (_name, make) => {
    unsubscribe("sess:error", onError); // As a warning of the process, which Node prints.
    const printed = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    const { sessions } = await setUp();
    const port = await listen(
      createServer(
        sessions.handler(() => {
          throw make();
        }),
      ),
    );
    expect((await ask(port, "/")).status).toBe(500);
    await turns();
    subscribe("sess:error", onError);
    printed.mockRestore();
  });

  test.each(thrown)("by a handler of the Fetch standard is a 500: %s", async (_name, make) => {
    const { sessions } = await setUp();
    const response = await sessions.handle(new Request("http://a.test/"), () => {
      throw make();
    });
    expect(response.status).toBe(500);
  });

  test("a response without the methods that were to be called is ended all the same", async () => {
    const { sessions } = await setUp();
    const ended = vi.fn();
    const res = { statusCode: 200, headersSent: false, end: ended } as unknown as ServerResponse;
    sessions.handler(() => {
      throw new Error("broken");
    })({ headers: {}, url: "/" } as unknown as IncomingMessage, res);
    await vi.waitFor(() => expect(ended).toHaveBeenCalled());
    expect(res.statusCode).toBe(500);
  });
});

describe("trustProxy as a function", () => {
  const throwing = (address: string) => {
    if (address === "") throw new TypeError("no address");
    throw new RangeError("no such network");
  };

  test("that throws trusts nobody, and is reported once", async () => {
    const { sessions } = await setUp({ trustProxy: throwing });
    const port = await listen(
      createServer(sessions.handler((session, _req, res) => void res.end(session.set("n", 1)))),
    );
    for (let i = 0; i < 3; i++) {
      const answer = await ask(port, "/", { headers: { "X-Forwarded-Proto": "https" } });
      expect(answer.status).toBe(200);
      expect(answer.headers["set-cookie"]?.[0]).not.toMatch(/Secure/);
    }
    expect(errors).toEqual([expect.any(RangeError)]);
  });

  test("is not asked about a client that has gone, whose response is finished all the same", async () => {
    const asked: string[] = [];
    const { sessions, stage } = await setUp({ trustProxy: (address) => asked.push(address) > 0 });
    let closed = Promise.resolve();
    const port = await listen(
      createServer((req, res) => {
        closed = once(req.socket, "close").then(async () => {
          (await sessions.start(req, res)).set("n", 1);
          res.end("nobody hears");
        });
      }),
    );
    const socket = connectSocket(port, "127.0.0.1", () => {
      socket.write("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n");
    });
    await vi.waitFor(() => expect(socket.bytesWritten).toBeGreaterThan(0));
    await turns();
    socket.destroy();
    await vi.waitFor(async () => {
      await closed;
      expect(stage.calls).toEqual(["create"]);
    });
    expect(asked).toEqual([]);
  });

  test("that answers by a promise trusts nobody", async () => {
    const trustProxy = (async () => false) as unknown as (address: string) => boolean;
    const { sessions } = await setUp({ trustProxy });
    const port = await listen(
      createServer(sessions.handler((session, _req, res) => void res.end(session.set("n", 1)))),
    );
    const answer = await ask(port, "/", { headers: { "X-Forwarded-Proto": "https" } });
    expect(answer.headers["set-cookie"]?.[0]).not.toMatch(/Secure/);
  });

  test("wants the peer's address under Fetch, unless it makes no difference", async () => {
    const { sessions } = await setUp({ trustProxy: (address) => address === "10.0.0.1" });
    const headers = { "X-Forwarded-Proto": "https" };
    const store = (request: Request, options?: { peer?: string; secure?: boolean }) =>
      sessions.handle(request, (session) => new Response(String(session.set("n", 1))), options);
    const plain = new Request("http://a.test/", { headers });
    await expect(store(plain)).rejects.toMatchObject({ code: "SESS_CONFIG", message: expect.stringMatching(/peer/) });
    expect(() => sessions.begin(plain)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    const lineOf = async (response: Promise<Response>) => (await response).headers.getSetCookie()[0];
    expect(await lineOf(store(plain, { peer: "10.0.0.1" }))).toMatch(/; Secure/);
    expect(await lineOf(store(plain, { peer: "10.0.0.2" }))).not.toMatch(/; Secure/);
    expect(await lineOf(store(plain, { secure: true }))).toMatch(/; Secure/);
    expect(await lineOf(store(new Request("https://a.test/")))).toMatch(/; Secure/);
  });
});

describe("one request", () => {
  test("with two responses: both wait", async () => {
    const { sessions, stage } = await setUp();
    const seen: string[] = [];
    const port = await listen(
      createServer(async (req, res) => {
        const { ServerResponse: Response } = await import("node:http");
        const second = new Response(req);
        const session = await sessions.start(req, res);
        expect(await sessions.start(req, second)).toBe(session);
        session.set("n", 1);
        second.on("finish", () => seen.push("second"));
        second.assignSocket(Readable.from([]) as never);
        Object.assign(second.socket as object, {
          writable: true,
          cork() {},
          uncork() {},
          write: (data: string) => {
            seen.push(/sessionid=/.test(data) ? "cookie" : "none");
            return true;
          },
          _writableState: {},
        });
        (second.socket as unknown as { _httpMessage: object })._httpMessage = second;
        second.end("second");
        res.end("first");
      }),
    );
    const create = stage.hold("create");
    const answering = ask(port, "/");
    await create.reached;
    await turns();
    expect(seen).toEqual([]);
    await create.proceed();
    expect(cookieOf(await answering)).not.toBe(undefined);
    expect(seen[0]).toBe("cookie");
  });

  test("that asks 2,000 times while the store is down is held once, and has one event", async () => {
    const { sessions, stage } = await setUp();
    stage.down = true;
    const port = await listen(
      createServer(async (req, res) => {
        for (let i = 0; i < 2000; i++) await sessions.start(req, res).catch(() => {});
        res.writeHead(503).end("down");
      }),
    );
    const answer = await ask(port, "/", { cookie: `sessionid=${"A".repeat(43)}` });
    expect(answer).toMatchObject({ status: 503, body: "down" });
    expect(events).toEqual([expect.objectContaining({ cookie: "not-loaded", code: "SESS_UNAVAILABLE" })]);
  });

  test("that asks again when the store is up again has its session, and is stored", async () => {
    const { sessions, stage } = await setUp();
    const port = await listen(
      createServer(async (req, res) => {
        stage.down = req.headers.cookie !== undefined;
        await sessions.start(req, res).catch(() => {});
        stage.down = false;
        const session = await sessions.start(req, res);
        session.set("n", Number(session.get("n") ?? 0) + 1);
        res.end(String(session.get("n")));
      }),
    );
    const cookie = cookieOf(await ask(port, "/"));
    expect((await ask(port, "/", { cookie })).body).toBe("2");
    expect((await ask(port, "/", { cookie })).body).toBe("3");
  });
});

describe("a save that fails", () => {
  test("destroys what is piped into the response, and ends a response that would go on for ever", async () => {
    const { sessions, stage } = await setUp();
    const source = new Readable({ read: () => void source.push(Buffer.alloc(65_536)) });
    const told: unknown[] = [];
    const closed = vi.fn();
    const port = await listen(
      createServer(
        sessions.handler((session, _req, res) => {
          session.set("n", 1);
          stage.down = true;
          res.write("first", (error) => told.push(error));
          source.pipe(res);
          res.on("close", closed);
        }),
      ),
    );
    const answer = await ask(port, "/");
    expect(answer).toMatchObject({ status: 503, body: "The session could not be stored.\n" });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(source.destroyed).toBe(true);
    expect(told).toEqual([expect.objectContaining({ code: "SESS_UNAVAILABLE" })]);
  });

  test("does not end a source that others read as well, nor one that was taken away from it", async () => {
    const { sessions, stage } = await setUp();
    const live = new Readable({ read: () => {} });
    live.on("data", () => {});
    const later = new Readable({ read: () => {} });
    const closed = vi.fn();
    const port = await listen(
      createServer(
        sessions.handler((session, { url }, res) => {
          session.set("n", 1);
          stage.down = true;
          res.on("close", closed);
          (url === "/live" ? live : later).pipe(res);
          later.unpipe(res);
          res.write("first");
        }),
      ),
    );
    for (const path of ["/live", "/later"]) expect(await ask(port, path)).toMatchObject({ status: 503 });
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(2));
    expect([live.destroyed, later.destroyed]).toEqual([false, false]);
  });

  test("and whoever goes on writing is told each time, without an error event", async () => {
    const { sessions, stage } = await setUp();
    const told: unknown[] = [];
    const port = await listen(
      createServer(
        sessions.handler(async (session, _req, res) => {
          session.set("n", 1);
          stage.down = true;
          for (let i = 0; i < 5; i++) {
            await new Promise<void>((resolve) => {
              res.write("tick", (error) => {
                told.push(error ? "error" : "none");
                resolve();
              });
            });
          }
        }),
      ),
    );
    expect((await ask(port, "/")).status).toBe(503);
    await vi.waitFor(() => expect(told).toEqual(Array(5).fill("error")));
  });

  test("on a connection that is kept alive leaves it usable", async () => {
    const { sessions, stage } = await setUp();
    const port = await listen(
      createServer(
        sessions.handler((session, req, res) => {
          if (req.url === "/fail") session.set("n", 1);
          stage.down = req.url === "/fail";
          res.end(req.url);
        }),
      ),
    );
    const socket = connectSocket(port, "127.0.0.1");
    socket.write("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n");
    const [first] = await once(socket, "data");
    expect(String(first)).toMatch(/^HTTP\/1.1 503 /);
    socket.write("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 .*\/last$/s);
  });
});

describe("a response that the application has corked, when the session cannot be stored", () => {
  const calls: [string, (res: ServerResponse) => unknown][] = [
    ["after its end", (res) => res.end("a") && res.cork()],
    [
      "after its first byte",
      (res) => {
        res.cork();
        res.write("a");
        // Node 26 sends it only now.
        res.uncork();
        res.cork();
      },
    ],
  ];

  test.each(calls)("%s: the error comes", async (_name, call) => {
    const { sessions, stage } = await setUp();
    const port = await listen(
      createServer(
        sessions.handler((session, _req, res) => {
          session.set("n", 1);
          stage.down = true;
          call(res);
        }),
      ),
    );
    expect(await ask(port, "/")).toMatchObject({ status: 503 });
  });
});

describe("pipelined behind a response that is not sent yet", () => {
  /** The process would end by it; the tests' own listeners would fail another test. */
  async function withoutUncaught(run: () => Promise<void>) {
    const others = process.listeners("uncaughtException");
    const uncaught: unknown[] = [];
    const take = (error: unknown) => void uncaught.push(error);
    process.removeAllListeners("uncaughtException").on("uncaughtException", take);
    try {
      await run();
      await turns();
    } finally {
      process.off("uncaughtException", take);
      for (const each of others) process.on("uncaughtException", each);
    }
    expect(uncaught).toEqual([]);
  }

  test("a response that breaks off at its end does not end the process", async () => {
    const { sessions, stage } = await setUp();
    let first: ServerResponse | undefined;
    let second: ServerResponse | undefined;
    const port = await listen(
      createServer(
        sessions.handler(async (session, { url }, res) => {
          if (url === "/in") res.end(session.set("n", 1));
          if (url === "/1") first = res;
          if (url !== "/2") return;
          second = res;
          res.write("a");
          await turns(3);
          session.set("n", 2);
          stage.down = true;
          res.end("b");
        }),
      ),
    );
    const cookie = cookieOf(await ask(port, "/in"));
    await withoutUncaught(async () => {
      const socket = connectSocket(port, "127.0.0.1");
      socket.write(`GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n\r\n`);
      await vi.waitFor(() => expect(second?.destroyed).toBe(true));
      await turns();
      first?.end("first");
      const [answer] = await once(socket, "data");
      expect(String(answer)).toMatch(/first/);
      await turns();
      // Node 24 leaves the client of a destroyed response waiting that was behind another.
      socket.destroy();
    });
  });

  test("nor does one that is ended when an error has taken its place", async () => {
    const { sessions, stage } = await setUp();
    let first: ServerResponse | undefined;
    let second: ServerResponse | undefined;
    const port = await listen(
      createServer(
        sessions.handler(async (session, { url }, res) => {
          if (url === "/1") first = res;
          if (url !== "/2") return;
          second = res;
          session.set("n", 1);
          stage.down = true;
          res.write("a");
        }),
      ),
    );
    await withoutUncaught(async () => {
      const socket = connectSocket(port, "127.0.0.1");
      socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
      await vi.waitFor(() => expect(second?.statusCode).toBe(503));
      second?.end("b");
      await turns();
      first?.end("first");
      expect((await text(socket)).match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
      expect(second?.writableFinished).toBe(true);
    });
  });
});

test.each([true, false])(
  "whoever waits for a write hears of it when the client has gone (store down: %s)",
  async (down) => {
    const { sessions, stage } = await setUp();
    let response: ServerResponse | undefined;
    const told = vi.fn();
    const port = await listen(
      createServer(
        sessions.handler((session, _req, res) => {
          response = res;
          session.set("n", 1);
          res.write("x", told);
        }),
      ),
    );
    const create = stage.hold("create");
    const socket = connectSocket(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await create.reached;
    socket.destroy();
    await vi.waitFor(() => expect(response?.destroyed).toBe(true));
    stage.down = down;
    if (down) create.fail();
    else await create.proceed();
    const code = down ? "SESS_UNAVAILABLE" : "ERR_STREAM_DESTROYED";
    await vi.waitFor(() => expect(told.mock.calls).toEqual([[expect.objectContaining({ code })]]));
  },
);

test("of two Managers, the one that is refused does not drop the cookie that the other announced", async () => {
  const one = await setUp({ cookieName: "one" });
  const two = await setUp({ cookieName: "two" });
  const port = await listen(
    createServer(async (req, res) => {
      const first = await one.sessions.start(req, res);
      const second = await two.sessions.start(req, res);
      second.set("n", 1);
      if (req.url === "/fail") {
        first.set("n", 1);
        one.stage.down = true;
      }
      res.end("ok");
    }),
  );
  const refused = await ask(port, "/fail");
  expect(refused.status).toBe(503);
  // What is stored has its cookie, or was never announced.
  const set = events.filter(({ cookie }) => cookie === "set").length;
  expect(refused.headers["set-cookie"] ?? []).toHaveLength(set);
});

describe.each([true, false])("a client that leaves while its response is held (store down: %s)", (down) => {
  // Before Node 24, the callback of `end` is a listener of `finish`.
  const endTellsErrors = Number(process.versions.node.split(".")[0]) >= 24;

  type Tell = (name: string) => (error?: Error | null) => void;

  async function leave(expected: object, call: (res: ServerResponse, tell: Tell) => void) {
    const { sessions, stage } = await setUp();
    const told: Record<string, unknown> = {};
    let response: ServerResponse | undefined;
    const finished = vi.fn();
    const port = await listen(
      createServer(
        sessions.handler((session, _req, res) => {
          response = res.on("finish", finished);
          session.set("n", 1);
          call(res, (name) => (error) => {
            told[name] = (error as { code?: string } | undefined)?.code;
          });
        }),
      ),
    );
    const create = stage.hold("create");
    const socket = connectSocket(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await create.reached;
    await turns(3);
    socket.destroy();
    await vi.waitFor(() => expect(response?.destroyed).toBe(true));
    stage.down = down;
    if (down) create.fail();
    else await create.proceed();
    const names = Object.keys(expected);
    await vi.waitFor(() => expect(Object.keys(told).sort()).toEqual(names.sort()));
    expect(told).toEqual(expected);
    await turns();
    expect(finished).not.toHaveBeenCalled();
  }
  const code = down ? "SESS_UNAVAILABLE" : "ERR_STREAM_DESTROYED";

  test("a write before the end is told", async () => {
    await leave({ write: code }, (res, tell) => {
      res.write("a", tell("write"));
      setImmediate(() => res.end("b"));
    });
  });

  test.skipIf(!endTellsErrors)("so is its end, as without a session", async () => {
    await leave({ end: code }, (res, tell) => res.end("b", tell("end")));
    await leave({ write: code, end: code }, (res, tell) => {
      res.write("a", tell("write"));
      setImmediate(() => res.end("b", tell("end")));
    });
  });
});

test("a response that breaks off at its end has not finished", async () => {
  const { sessions, stage } = await setUp();
  const seen: string[] = [];
  const port = await listen(
    createServer(
      sessions.handler(async (session, { url }, res) => {
        if (url === "/in") {
          res.end(session.set("n", 1));
          return;
        }
        res.write("a");
        await turns(3);
        session.set("n", 2);
        stage.down = true;
        for (const event of ["finish", "close"]) res.on(event, () => seen.push(event));
        res.end("b");
      }),
    ),
  );
  const cookie = cookieOf(await ask(port, "/in"));
  const socket = connectSocket(port, "127.0.0.1");
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n\r\n`);
  await text(socket);
  await turns();
  expect(seen).toEqual(["close"]);
});

describe("HTTP/2", () => {
  async function site(
    handler: (req: IncomingMessage, res: ServerResponse, sessions: Awaited<ReturnType<typeof setUp>>) => unknown,
  ) {
    const made = await setUp();
    const server = createHttp2Server((req, res) => {
      Promise.resolve(handler(req as unknown as IncomingMessage, res as unknown as ServerResponse, made)).catch(note);
    });
    const port = await listen(server as never);
    const get = async (cookie?: string) => {
      const client = connect(`http://127.0.0.1:${port}`);
      const stream = client.request({ ":path": "/", ...(cookie && { cookie }) });
      const [head] = await once(stream, "response");
      const body = await text(stream);
      client.close();
      return { status: head[":status"], cookie: String(head["set-cookie"]).split(";")[0], body };
    };
    return { ...made, get };
  }
  const streamOf = (res: ServerResponse) => (res as unknown as { stream: ServerHttp2Stream }).stream;

  test("end(await body()) where the session is first asked for in body", async () => {
    const { get, stage } = await site(async (req, res, { sessions }) => {
      const body = async () => {
        const session = await sessions.start(req, res);
        session.set("n", 1);
        return "body";
      };
      res.end(await body());
    });
    const create = stage.hold("create");
    const answering = get();
    await create.reached;
    await turns();
    await create.proceed();
    expect(await answering).toMatchObject({ status: 200, body: "body", cookie: expect.stringMatching(/^sessionid=/) });
  });

  test("stream.respond, respondWithFile and respondWithFD wait for a creation", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sess-"));
    const file = join(folder, "file.txt");
    writeFileSync(file, "a file");
    for (const way of ["respond", "respondWithFile"] as const) {
      const { get, stage } = await site(async (req, res, { sessions }) => {
        (await sessions.start(req, res)).set("n", 1);
        if (way === "respondWithFile") streamOf(res).respondWithFile(file, { "content-type": "text/plain" });
        else {
          streamOf(res).respond({ ":status": 200 });
          streamOf(res).end("a file");
        }
      });
      const create = stage.hold("create");
      let seen = false;
      const answering = get().finally(() => {
        seen = true;
      });
      await create.reached;
      await turns();
      expect(seen).toBe(false);
      await create.proceed();
      expect(await answering).toMatchObject({
        status: 200,
        body: "a file",
        cookie: expect.stringMatching(/^sessionid=/),
      });
    }
    rmSync(folder, { recursive: true });
  });

  test("a failed save while a file was to be sent is an error, not the file", async () => {
    const { get } = await site(async (req, res, { sessions, stage }) => {
      (await sessions.start(req, res)).set("n", 1);
      stage.down = true;
      streamOf(res).respond({ ":status": 200 });
      streamOf(res).end("secret");
    });
    expect(await get()).toMatchObject({ status: 503, body: "The session could not be stored.\n" });
  });

  const withCookie = { cookie: expect.stringMatching(/^sessionid=/) };

  test("a head that Node refuses is an error, with the cookie of what is stored", async () => {
    const { get } = await site(async (req, res, { sessions }) => {
      (await sessions.start(req, res)).set("n", 1);
      res.setHeader("content-type", ["text/a", "text/b"]);
      res.end("never");
    });
    expect(await get()).toMatchObject({ status: 500, ...withCookie });
  });

  test("the head that takes the place of a file which cannot be read has the cookie too", async () => {
    const { get } = await site(async (req, res, { sessions }) => {
      (await sessions.start(req, res)).set("n", 1);
      const stream = streamOf(res);
      const onError = () => {
        stream.respond({ ":status": 404 });
        stream.end("none");
      };
      stream.respondWithFile(join(tmpdir(), "sess-there-is-none"), {}, { onError });
    });
    expect(await get()).toMatchObject({ status: 404, body: "none", ...withCookie });
  });

  test("a stream that is written to without a head waits for a creation", async () => {
    const { get, stage } = await site(async (req, res, { sessions }) => {
      (await sessions.start(req, res)).set("n", 1);
      streamOf(res).end("body");
    });
    const create = stage.hold("create");
    let seen = false;
    const answering = get().finally(() => {
      seen = true;
    });
    await create.reached;
    await turns();
    const wasEarly = seen;
    await create.proceed();
    expect(await answering).toMatchObject({ status: 200, body: "body", ...withCookie });
    expect(wasEarly).toBe(false);
  });

  test("a head as a list, which Node 24 takes", async () => {
    const { get } = await site(async (req, res, { sessions }) => {
      (await sessions.start(req, res)).set("n", 1);
      streamOf(res).respond([":status", "404", "set-cookie", "a=1", "Set-Cookie", "b=2"] as never);
      streamOf(res).end("none");
    });
    expect(await get()).toMatchObject({
      status: 404,
      body: "none",
      cookie: expect.stringMatching(/^a=1,b=2,sessionid=/),
    });
  });
});

describe("the Fetch standard", () => {
  test("a response that answers several clients has the cookie of none but the one it goes to", async () => {
    const { sessions } = await setUp();
    const shared = new Response(null, { status: 204 });
    const visit = (handler: (session: { set(field: string, value: unknown): void }) => void) =>
      sessions.handle(new Request("http://a.test/"), (session) => {
        handler(session);
        return shared;
      });
    expect((await visit(signed)).headers.getSetCookie()).toHaveLength(1);
    expect((await visit(() => {})).headers.getSetCookie()).toEqual([]);
  });

  test("what answers in place of a session that could not be loaded varies by the cookie", async () => {
    const onError = () => new Response("sorry", { headers: { "Cache-Control": "max-age=60" } });
    const { sessions, stage } = await setUp({ onError });
    stage.down = true;
    const headers = { cookie: `sessionid=${"A".repeat(43)}` };
    const answer = await sessions.handle(new Request("http://a.test/", { headers }), () => new Response("never"));
    expect(answer.headers.get("Vary")).toBe("Cookie");
    expect(events).toEqual([expect.objectContaining({ cookie: "not-loaded", code: "SESS_UNAVAILABLE" })]);
  });

  const signed = (session: { set(field: string, value: unknown): void }) => session.set("user", "ada");
  const next = (digest: string) => Object.assign(new Error(digest), { digest });
  const signals: [string, unknown, number][] = [
    ["Next's redirect()", next("NEXT_REDIRECT;replace;/home;307;"), 1],
    ["Next's notFound()", next("NEXT_HTTP_ERROR_FALLBACK;404"), 1],
    ["Next's notFound() of before", next("NEXT_NOT_FOUND"), 1],
    ["Next's signal to render again", next("DYNAMIC_SERVER_USAGE"), 0],
    ["SvelteKit's redirect()", { status: 303, location: "/home" }, 1],
    ["SvelteKit's error(404)", { status: 404, body: { message: "no" } }, 1],
    ["SvelteKit's error(500)", { status: 500, body: { message: "no" } }, 0],
    ["React Router's data()", { type: "DataWithResponseInit", data: 1, init: { status: 400 } }, 1],
    ["React Router's data() without a status", { type: "DataWithResponseInit", data: 1, init: null }, 1],
  ];

  test.each(signals)("%s is thrown on, and stored as its status says", async (_name, signal, count) => {
    const { sessions } = await setUp();
    const handled = sessions.handle(new Request("http://a.test/"), (session) => {
      signed(session);
      throw signal;
    });
    await expect(handled).rejects.toBe(signal);
    expect(await sessions.count()).toBe(count);
    expect(events.map(({ cookie }) => cookie)).toEqual([count === 1 ? "not-carried" : "discarded"]);
    expect(errors).toHaveLength(count); // A cookie that is lost is not lost in silence.
  });

  test("a signal that changes nothing is thrown on without a word", async () => {
    const { sessions } = await setUp();
    const signal = next("NEXT_REDIRECT;push;/home;303;");
    await expect(sessions.handle(new Request("http://a.test/"), () => Promise.reject(signal))).rejects.toBe(signal);
    expect([errors, events.map(({ cookie }) => cookie)]).toEqual([[], ["empty"]]);
  });

  test("a signal whose session cannot be stored is a 503", async () => {
    const { sessions, stage } = await setUp();
    const response = await sessions.handle(new Request("http://a.test/"), (session) => {
      signed(session);
      stage.down = true;
      throw next("NEXT_REDIRECT;replace;/home;307;");
    });
    expect(response.status).toBe(503);
  });

  test("onError answers for errors, signals and failed saves; its status decides what is kept", async () => {
    const seen: unknown[] = [];
    const { sessions, stage } = await setUp({
      onError: (error, request) => {
        seen.push([(error as { code?: string }).code ?? String(error), new URL(request.url).pathname]);
        if ((error as Error).message === "leave it") return undefined;
        const status = (error as { status?: number }).status ?? 418;
        return Response.json({ status }, { status });
      },
    });
    const run = async (path: string, thrown: unknown, options?: Parameters<typeof sessions.handle>[2]) => {
      const handler = (session: { set(field: string, value: unknown): void }) => {
        signed(session);
        if (path === "/save") {
          stage.down = true;
          return new Response("ok");
        }
        throw thrown;
      };
      const response = await sessions.handle(new Request(`http://a.test${path}`), handler, options);
      stage.down = false;
      return [response.status, response.headers.getSetCookie().length, await sessions.count()];
    };
    expect(await run("/kept", Object.assign(new Error("no"), { status: 404 }))).toEqual([404, 1, 1]);
    expect(await run("/signal", { status: 303 })).toEqual([303, 1, 2]);
    expect(await run("/lost", Object.assign(new Error("no"), { status: 500 }))).toEqual([500, 0, 2]);
    expect(await run("/save", undefined)).toEqual([503, 0, 2]);
    expect(await run("/left", new Error("leave it"))).toEqual([500, 0, 2]);
    const own = { onError: () => new Response("own", { status: 400 }) };
    expect(await run("/own", new Error("no"), own)).toEqual([400, 1, 3]);
    expect(seen.at(0)).toEqual(["Error: no", "/kept"]);
    expect(seen).toContainEqual(["SESS_UNAVAILABLE", "/save"]);
  });

  test("an onError that throws is reported, and the error is a 500", async () => {
    const { sessions } = await setUp({
      onError: () => {
        throw new Error("the page is broken as well");
      },
    });
    const response = await sessions.handle(new Request("http://a.test/"), () => Promise.reject(new Error("broken")));
    expect(response.status).toBe(500);
    expect(errors.map(String)).toEqual(["Error: the page is broken as well", "Error: broken"]);
  });

  test.each([undefined, null, "text", {}, { status: 200 }])(
    "an answer that is no Response is an error: %j",
    async (answer) => {
      const { sessions } = await setUp();
      const response = await sessions.handle(new Request("http://a.test/"), (session) => {
        signed(session);
        return answer as never;
      });
      expect(response.status).toBe(500);
      expect(await sessions.count()).toBe(0);
      expect(String(errors[0])).toMatch(/no Response/);
    },
  );

  test("Response.error() and 101 carry no cookie: a new session is refused, a stored one is stored, nothing says set", async () => {
    const { sessions } = await setUp();
    // The constructor refuses 101; servers have ways of their own to make one.
    const switching = Object.defineProperty(new Response(null), "status", { value: 101 });
    for (const answer of [() => Response.error(), () => switching]) {
      const refused = await sessions.handle(new Request("http://a.test/"), (session) => {
        signed(session);
        return answer();
      });
      expect(refused.status).toBe(500);
      const made = await sessions.handle(
        new Request("http://a.test/"),
        (session) => new Response(String(signed(session))),
      );
      const cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      const request = () => new Request("http://a.test/", { headers: { cookie } });
      events.length = 0;
      const stored = await sessions.handle(request(), (session) => {
        session.set("n", 7);
        return answer();
      });
      expect(stored).toBe(stored.status === 101 ? switching : stored);
      expect((await sessions.load(cookie.slice(10)))?.get("n")).toBe(7);
      expect(events.map(({ cookie: outcome }) => outcome)).toEqual(["unchanged"]);
    }
    expect(await sessions.count()).toBe(2);
  });
});

describe("an upgrade", () => {
  /** As engine.io makes one for middleware, with what express-session's users expect of it and no more. */
  const fake = () => {
    const headers: Record<string, unknown> = {};
    return {
      setHeader(name: string, value: unknown) {
        headers[name] = value;
      },
      getHeader: (name: string) => headers[name],
      removeHeader: (name: string) => void delete headers[name],
      write() {},
      writeHead() {},
      end: vi.fn(),
    } as unknown as ServerResponse & { end: ReturnType<typeof vi.fn> };
  };

  test("holds nothing; the session is prolonged beside it, and what is changed is stored by itself", async () => {
    let now = Date.now();
    const { sessions, stage } = await setUp({ now: () => now, maxLifetime: 1000 });
    const made = await sessions.handle(
      new Request("http://a.test/"),
      (session) => new Response(String(session.set("n", 1))),
    );
    const cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    now += 500_000;
    const req = { headers: { upgrade: "websocket", cookie }, url: "/", socket: {} } as unknown as IncomingMessage;
    const res = fake();
    const session = await sessions.start(req, res);
    expect(session.get("n")).toBe(1);
    await vi.waitFor(() => expect(stage.calls).toContain("touch"));
    session.set("n", 2);
    await vi.waitFor(() => expect(stage.calls).toContain("update"));
    now += 900_000;
    expect((await sessions.load(session.id))?.get("n")).toBe(2);
    expect(res.end).not.toHaveBeenCalled();
  });

  test("whose prolonging fails goes on", async () => {
    let now = Date.now();
    const { sessions, stage } = await setUp({ now: () => now, maxLifetime: 1000 });
    const made = await sessions.handle(
      new Request("http://a.test/"),
      (session) => new Response(String(session.set("n", 1))),
    );
    const cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    now += 500_000;
    const touch = stage.hold("touch");
    const req = { headers: { upgrade: "websocket", cookie }, url: "/", socket: {} } as unknown as IncomingMessage;
    const session = await sessions.start(req, fake());
    await touch.reached;
    touch.fail();
    await turns();
    expect(session.get("n")).toBe(1);
  });

  test("that the server does not take is a request like any other, and held", async () => {
    const { sessions, stage } = await setUp();
    const port = await listen(
      createServer(sessions.handler((session, _req, res) => void res.end(session.set("n", 1)))),
    );
    const create = stage.hold("create");
    let seen = false;
    const answering = new Promise<IncomingMessage>((resolve) => {
      const headers = {
        Connection: "Upgrade, HTTP2-Settings",
        Upgrade: "h2c",
        "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
      };
      httpRequest({ port, host: "127.0.0.1", headers, agent: false }, (res) => {
        seen = true;
        resolve(res.resume());
      }).end();
    });
    await create.reached;
    await turns();
    expect(seen).toBe(false);
    await create.proceed();
    expect((await answering).headers["set-cookie"]).toHaveLength(1);
  });
});
