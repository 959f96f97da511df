import { createHash } from "node:crypto";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { PassThrough, pipeline, Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { SessionHandler } from "../../src/manager/manager.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Both, type LoggingHandler, type Seen, type Way, ways } from "../../test-support/http/both.js";
import { exchange, requestOf, responsesIn } from "../../test-support/http/raw-client.js";
import { Stage, stored } from "../../test-support/stage.js";

// What a handler may do with a response of node:http, with a session and without: the same comes over the socket.

const tick = () => new Promise((resolve) => setImmediate(resolve));
const code = (run: () => unknown): string => {
  try {
    run();
    return "taken";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

const cases: Record<string, LoggingHandler> = {
  "writeHead, object": (_, res) => res.writeHead(201, { "X-One": "1", "Set-Cookie": ["a=1", "b=2"] }).end("body"),
  "writeHead, array": (_, res) => res.writeHead(200, ["X-One", "1", "x-two", "2", "X-One", "3"]).end("body"),
  "writeHead, pairs": (_, res) =>
    Reflect.apply(res.writeHead, res, [
      200,
      [
        ["X-One", "1"],
        ["X-Two", ["2", "3"]],
      ],
    ]).end("body"),
  "writeHead, message and object": (_, res) => res.writeHead(404, "Nowhere", { "X-One": "1" }).end(),
  "writeHead, message alone": (_, res) => res.writeHead(200, "Fine").end("body"),
  "writeHead, an empty message": (_, res) => res.writeHead(404, "", ["X-One", "1"]).end(),
  "writeHead over setHeader": (_, res) => res.setHeader("x-one", "1").writeHead(200, { "X-One": "2" }).end("body"),
  "writeHead, spellings of one name": (_, res) => res.writeHead(200, { "x-one": "1", "X-One": "2" }).end(),
  "writeHead twice": (_, res, log) => {
    res.writeHead(200, { "X-One": "1" });
    log(code(() => res.writeHead(500)));
    res.end("body");
  },
  "writeHead, refused and tried again": (_, res, log) => {
    log(code(() => res.writeHead(99)));
    log(code(() => res.writeHead(200, { "bad name": "1" })));
    log(code(() => res.writeHead(200, { "X-One": "bad\nvalue" })));
    log(code(() => res.writeHead(200, "bad\nmessage")));
    log(code(() => res.writeHead(200, ["odd"])));
    res.writeHead(200, "Fine").end("body");
  },
  "headers refused": (_, res, log) => {
    log(code(() => res.setHeader("X-One", "bad\nvalue")));
    log(code(() => res.setHeader("bad name", "1")));
    res.end("body");
  },
  "an implied head refused, then another": (_, res, log) => {
    res.statusMessage = "bad\nmessage";
    log(code(() => res.end()));
    res.statusCode = 1000;
    res.statusMessage = "Fine";
    log(code(() => res.write("body")));
    res.statusCode = 200;
    res.end("body");
  },
  "headers after the head": (_, res, log) => {
    res.write("body");
    log(code(() => res.setHeader("X-Late", "1")));
    log(code(() => res.appendHeader("X-Late", "1")));
    log(code(() => res.removeHeader("X-Late")));
    log(`${res.headersSent} ${res.writableEnded}`);
    res.statusCode = 500;
    res.end();
    log(`${res.headersSent} ${res.writableEnded}`);
  },
  "write: text, encodings, bytes, nothing": (_, res) => {
    res.write("ünï");
    res.write("aGk=", "base64");
    res.write(Buffer.from("buffer"));
    res.write(new Uint8Array([65, 66]), () => {});
    res.write("");
    res.end();
  },
  "write: refused": (_, res, log) => {
    for (const chunk of [null, undefined, 7, {}]) log(code(() => res.write(chunk)));
    log(code(() => res.end(7)));
    res.end("body");
  },
  "end: nothing": (_, res) => res.end(),
  "end: text": (_, res) => res.end("body"),
  "end: encoding": (_, res) => res.end("Ym9keQ==", "base64"),
  "end: bytes": (_, res) => res.end(Buffer.from("body")),
  "end: callbacks": async (_, res, log) => {
    await new Promise<void>((resolve) => res.write("a", () => resolve()));
    log("written");
    await new Promise<void>((resolve) => res.end("b", "utf8", resolve));
    log("ended");
  },
  "end: a callback alone": async (_, res, log) => {
    await new Promise<void>((resolve) => res.end(resolve));
    log("ended");
  },
  "end twice": (_, res) => {
    res.end("first");
    res.end("second");
    res.end();
  },
  "end twice, later": async (_, res) => {
    res.end("first");
    await tick();
    res.end();
  },
  "write after end": (_, res) => {
    res.end("first");
    res.write("second");
  },
  flushHeaders: async (_, res, log) => {
    res.setHeader("X-One", "1");
    res.flushHeaders();
    log(code(() => res.setHeader("X-Two", "2")));
    await tick();
    res.end("body");
  },
  "Content-Length of its own": (_, res) => res.writeHead(200, { "Content-Length": 4 }).end("body"),
  "Content-Length and Transfer-Encoding removed": (_, res) => {
    res.removeHeader("Transfer-Encoding");
    res.write("body");
    res.end();
  },
  "no Date": (_, res) => {
    res.sendDate = false;
    res.end();
  },
  "204": (_, res) => res.writeHead(204).end(),
  "304": (_, res) => res.writeHead(304, { ETag: '"1"' }).end(),
  "103": (_, res) => {
    res.writeEarlyHints({ link: "</style.css>; rel=preload" });
    res.end("body");
  },
  "102 and 100": (_, res) => {
    res.writeProcessing();
    res.writeContinue();
    res.end("body");
  },
  trailers: (req, res) => {
    // Without a body there are none, and Node refuses the head that promises them.
    if (req.method === "HEAD") return res.end();
    res.setHeader("Trailer", "X-Sum");
    res.write("body");
    res.addTrailers({ "X-Sum": "1" });
    return res.end();
  },
  "trailers too late": (_, res) => {
    res.write("body");
    res.end();
    res.addTrailers({ "X-Sum": "1" });
  },
  "cork and uncork": async (_, res) => {
    res.cork();
    res.write("a");
    res.write("b");
    await tick();
    res.uncork();
    res.end("c");
  },
  "a stream piped": (_, res) => Readable.from(["a", "b", "c"]).pipe(res),
  pipeline: (_, res) => pipeline(Readable.from(["a", "b", "c"]), new PassThrough(), res, () => {}),
  "a stream of half a megabyte": (_, res) => Readable.from(large(8), { objectMode: false }).pipe(res),
  "server-sent events": async (_, res) => {
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-store" });
    res.flushHeaders();
    for (let i = 0; i < 3; i++) {
      res.write(`data: ${i}\n\n`);
      await tick();
    }
    res.end();
  },
  "a throw before the first byte, caught": (_, res, log) => {
    log(code(() => JSON.parse("{")).slice(0, 11));
    res.writeHead(400).end("sorry");
  },
  "destroyed after the first byte": async (_, res) => {
    await new Promise<void>((resolve) => res.write("half", () => resolve()));
    res.destroy();
  },
};

/** Chunks of 64 KiB, all different. */
function* large(count: number): Iterable<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(65_536, createHash("sha256").update(`${i}`).digest());
}

const timeless = ({ log, responses }: Seen): Seen => ({
  log,
  responses: responses.map((each) => ({
    ...each,
    headers: each.headers.map((line) => line.replace(/^Date: .*/, "Date")),
  })),
});

describe("the same as on a bare server", () => {
  const both = new Both();
  let ports: { bare: number; held: number };
  beforeAll(async () => {
    ports = await both.open();
  });
  afterAll(() => both.close());

  describe.each<Way>(ways)("a session that is %s", (way) => {
    test.each(Object.entries(cases))("%s", async (_name, handler) => {
      for (const method of ["GET", "HEAD"]) {
        const bare = await both.see(ports.bare, way, handler, method);
        const held = await both.see(ports.held, way, handler, method);
        if (method === "GET") expect(bare.responses).not.toEqual([]);
        expect(timeless(held)).toEqual(timeless(bare));
      }
    });
  });
});

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

async function site(handler: SessionHandler<SessionData>) {
  const stage = new Stage();
  const manager = await stage.manager();
  const server = createServer(manager.handler(handler));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { stage, manager, port: (server.address() as AddressInfo).port };
}

describe("connections", () => {
  test("pipelining: two requests on one socket, the second ready first", async () => {
    const { stage, port } = await site((session, req, res) => {
      session.set("path", req.url);
      res.end(req.url);
    });
    const first = stage.hold("create");
    const second = stage.hold("create");
    const answering = exchange(port, requestOf("GET", "/1", []) + requestOf("GET", "/2"));
    await Promise.all([first.reached, second.reached]);
    await second.proceed();
    await tick();
    await first.proceed();
    const responses = responsesIn(await answering, ["GET", "GET"]);
    expect(responses.map(({ body }) => body)).toEqual(["/1", "/2"]);
    const cookies = responses.map(({ headers }) => headers.find((line) => line.startsWith("Set-Cookie")));
    expect(new Set(cookies).size).toBe(2);
  });

  test("Expect: 100-continue", async () => {
    const { port } = await site(async (session, req, res) => {
      let length = 0;
      for await (const chunk of req) length += chunk.length;
      session.set("length", length);
      res.end(`${length}`);
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { Expect: "100-continue" };
      const req = request({ port, host: "127.0.0.1", method: "POST", headers, agent: false }, (res) => {
        res.setEncoding("utf8").on("data", resolve);
      });
      req.on("continue", () => req.end("body")).on("error", reject);
      req.flushHeaders();
    });
    expect(answer).toBe("4");
  });

  test("20 MB through a session come whole, and are not piled up", async () => {
    let read = 0;
    function* counted() {
      for (const chunk of large(320)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const source = Readable.from(counted(), { objectMode: false, highWaterMark: 65_536 });
    let ahead = 0;
    const { stage, port } = await site((session, _req, res) => {
      session.set("n", 1);
      pipeline(source, res, () => {});
      res.on("drain", () => {
        ahead = Math.max(ahead, res.writableLength);
      });
    });
    const create = stage.hold("create");
    const sums = { sent: createHash("sha256"), received: createHash("sha256") };
    for (const chunk of large(320)) sums.sent.update(chunk);
    const receiving = new Promise<void>((resolve, reject) => {
      const req = request({ port, host: "127.0.0.1", agent: false }, (res) => {
        res.on("data", (chunk) => sums.received.update(chunk)).on("end", resolve);
      });
      req.on("error", reject).end();
    });
    await create.reached;
    // Node 24 and 26 tell a writer to go on as soon as nothing is buffered, whatever `write` returned.
    for (let i = 0; i < 100; i++) await tick();
    expect(read).toBeLessThan(1_000_000);
    await create.proceed();
    await receiving;
    expect(sums.received.digest("hex")).toBe(sums.sent.digest("hex"));
    expect(ahead).toBeLessThan(1_000_000);
  });
});

describe("clients that go away", () => {
  test("before the save has settled: it is stored all the same", async () => {
    const ended = vi.fn();
    const { stage, manager, port } = await site((session, _req, res) => {
      session.set("n", 1);
      res.write("a", () => {});
      pipeline(Readable.from(large(4)), res, ended);
    });
    const create = stage.hold("create");
    const socket = connect(port, "127.0.0.1", () => socket.write(requestOf("GET", "/")));
    await create.reached;
    socket.destroy();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
    await create.proceed();
    expect(await manager.count()).toBe(1);
    expect(ended.mock.calls[0]?.[0]).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
  });

  test("while the answer streams: the source is destroyed, the session stored, the server fine", async () => {
    const ended = vi.fn();
    const { manager, port } = await site((session, req, res) => {
      if (req.url === "/again") return res.end("again");
      session.set("n", 1);
      const endless = new Readable({ read: () => void endless.push(Buffer.alloc(65_536)) });
      return pipeline(endless, res, ended);
    });
    const socket = connect(port, "127.0.0.1", () => socket.write(requestOf("GET", "/")));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
    expect(await manager.count()).toBe(1);
    expect(await exchange(port, requestOf("GET", "/again"))).toMatch(/again/);
  });

  test("from a response that is never ended: what was not stored is not, and nothing waits for it", async () => {
    const closed = vi.fn();
    const { manager, port } = await site((session, _req, res) => {
      session.set("n", 1);
      res.on("close", closed);
    });
    const socket = connect(port, "127.0.0.1", () => socket.write(requestOf("GET", "/")));
    await vi.waitFor(() => expect(closed.mock.calls.length + Number(socket.bytesWritten > 0)).toBeGreaterThan(0));
    socket.destroy();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(await manager.count()).toBe(0);
    await manager.close();
  });

  test("and a response that ends after that stores the session", async () => {
    let client = () => {};
    const { manager, port } = await site(async (session, _req, res) => {
      const id = await stored(manager);
      expect(await manager.exists(id)).toBe(true);
      session.set("n", 1);
      const gone = new Promise((resolve) => res.on("close", resolve));
      client();
      await gone;
      res.end("nobody hears");
    });
    const socket = connect(port, "127.0.0.1", () => socket.write(requestOf("GET", "/")));
    client = () => void socket.destroy();
    await vi.waitFor(async () => expect(await manager.count()).toBe(2));
  });
});

describe("a save that fails", () => {
  test("the callbacks of what had been written are called, and what comes after is dropped", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const called: string[] = [];
    const done = vi.fn();
    const { stage, port } = await site((session, _req, res) => {
      session.set("n", 1);
      stage.down = true;
      res.on("error", () => {}); // Of what is written after the end, under Node 24 and later.
      res.write("a", () => called.push("write"));
      res.end("b", () => {
        called.push("end");
        res.write("late", () => called.push("late"));
        res.end(done);
      });
    });
    const [answer] = responsesIn(await exchange(port, requestOf("GET", "/")), ["GET"]);
    expect(answer?.statusLine).toBe("HTTP/1.1 503 Service Unavailable");
    expect(answer?.body).toBe("The session could not be stored.\n");
    await vi.waitFor(() => expect(done).toHaveBeenCalledOnce());
    expect(called).toEqual(["write", "end", "late"]);
  });

  test("a pipeline into it ends, and its source is destroyed or read to its end", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const ended = vi.fn();
    const source = Readable.from(large(100));
    const { stage, port } = await site((session, _req, res) => {
      session.set("n", 1);
      stage.down = true;
      pipeline(source, res, ended);
    });
    expect(await exchange(port, requestOf("GET", "/"))).toMatch(/^HTTP\/1.1 503 /);
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
    expect(source.destroyed).toBe(true);
  });
});
