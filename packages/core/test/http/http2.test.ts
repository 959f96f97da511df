import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientSessionOptions,
  connect,
  createSecureServer,
  createServer,
} from "node:http2";
import { request } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { SessionHandler } from "../../src/manager/manager.js";
import type { SessionData } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";

// HTTP/2 by node:http2's compatible API, whose requests and responses are those of node:http in all that is used here.

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

const closing: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) close();
});

async function port(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function client(url: string, options?: ClientSessionOptions & { rejectUnauthorized: boolean }): ClientHttp2Session {
  const session = connect(url, options);
  closing.push(() => session.destroy());
  return session;
}

function get(session: ClientHttp2Session, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": "/", ...headers });
    const chunks: Buffer[] = [];
    let head: Record<string, string | string[] | undefined> = {};
    stream.on("response", (found) => {
      head = found;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
    stream.on("end", () => {
      resolve({ status: Number(head[":status"]), headers: head, body: Buffer.concat(chunks).toString() });
    });
  });
}

async function site(handler: SessionHandler<SessionData>) {
  const stage = new Stage();
  const manager = await stage.manager();
  let current = handler;
  const listener = manager.handler((session, req, res) => current(session, req, res));
  const server = createServer(listener as never);
  const session = client(`http://127.0.0.1:${await port(server)}`);
  const visit = (next: SessionHandler<SessionData>, headers?: Record<string, string>) => {
    current = next;
    return get(session, headers);
  };
  return { stage, manager, session, visit };
}

const cookieOf = (answer: Answer) => String(answer.headers["set-cookie"]).split(";")[0] ?? "";

describe("HTTP/2", () => {
  test("stores, finds again, signs out; many streams of one connection at once", async () => {
    const { visit, manager, session } = await site(() => {});
    const cookie = cookieOf(
      await visit((found, _req, res) => {
        found.set("user", "ada");
        res.writeHead(200, { "X-App": "1" });
        res.end("in");
      }),
    );
    const count: SessionHandler<SessionData> = async (found, _req, res) => {
      await found.update("n", (n) => Number(n ?? 0) + 1);
      res.end(String(found.get("user")));
    };
    await visit(count, { cookie });
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(session, { cookie })));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(["ada"]));
    expect((await manager.load(cookie.slice("sessionid=".length)))?.get("n")).toBe(21);
    const out = await visit(
      async (found, _req, res) => {
        await found.destroy();
        res.end();
      },
      { cookie },
    );
    expect(out.headers["set-cookie"]).toEqual([expect.stringMatching(/^sessionid=;/)]);
    expect(await manager.count()).toBe(0);
  });

  test("a long Cookie header, as HTTP/2 allows it: 50 KB beside the session's cookie hide nothing", async () => {
    const { visit } = await site(() => {});
    const cookie = cookieOf(await visit((found, _req, res) => res.end(String(found.set("user", "ada")))));
    const long = `other=${"x".repeat(50_000)}; ${cookie}`;
    expect((await visit((found, _req, res) => res.end(found.get("user")), { cookie: long })).body).toBe("ada");
  });

  test("writeHead in its forms, setHeader, HEAD, 204, 304, write and end", async () => {
    const { visit } = await site(() => {});
    const forms: [SessionHandler<SessionData>, number, string][] = [
      [(_, _req, res) => res.writeHead(201, { "x-one": "1", "Set-Cookie": ["a=1", "b=2"] }).end("body"), 201, "body"],
      [(_, _req, res) => res.writeHead(200, ["x-one", "1", "Set-Cookie", ["a=1", "b=2"]] as never).end("b"), 200, "b"],
      [
        (_, _req, res) => {
          res.setHeader("X-One", "1");
          res.setHeader("Set-Cookie", ["a=1", "b=2"]);
          res.write("a");
          res.write(Buffer.from("b"), () => {});
          res.end("c", () => {});
        },
        200,
        "abc",
      ],
    ];
    for (const [form, status, body] of forms) {
      const answer = await visit((found, req, res) => {
        found.set("n", 1);
        return form(found, req, res);
      });
      expect(answer).toMatchObject({ status, body });
      expect(answer.headers["x-one"]).toBe("1");
      expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2", expect.stringMatching(/^sessionid=/)]);
      expect(answer.headers.vary).toBe("Cookie");
    }
    for (const status of [204, 304]) {
      const answer = await visit((found, _req, res) => {
        found.set("n", 1);
        res.statusCode = status;
        res.end();
      });
      expect(answer).toMatchObject({ status, body: "" });
      expect(cookieOf(answer)).toMatch(/^sessionid=/);
    }
    const head = await visit(
      (found, _req, res) => {
        found.set("n", 1);
        res.end("body");
      },
      { ":method": "HEAD" },
    );
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(cookieOf(head)).toMatch(/^sessionid=/);
  });

  test("nothing leaves before the session is stored; early hints do; the head is frozen meanwhile", async () => {
    const { stage, visit } = await site(() => {});
    const create = stage.hold("create");
    const codes: unknown[] = [];
    const answering = visit((found, _req, res) => {
      found.set("n", 1);
      res.writeEarlyHints({ link: "</a.css>; rel=preload" });
      res.writeHead(202);
      for (const late of [() => res.setHeader("x-late", "1"), () => res.writeHead(500)]) {
        try {
          late();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      res.write("a");
      res.end("b");
    });
    await create.reached;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    await create.proceed();
    expect(await answering).toMatchObject({ status: 202, body: "ab" });
    expect(codes).toEqual(["ERR_HTTP2_HEADERS_SENT", "ERR_HTTP2_HEADERS_SENT"]);
  });

  test("a large stream", async () => {
    const { stage, visit } = await site(() => {});
    const create = stage.hold("create");
    const chunks = Array.from({ length: 64 }, (_, i) => `${i}:`.padEnd(65_536, "."));
    const answering = visit((found, _req, res) => {
      found.set("n", 1);
      pipeline(Readable.from(chunks, { objectMode: false }), res, () => {});
    });
    await create.reached;
    await create.proceed();
    expect((await answering).body).toBe(chunks.join(""));
  });

  test("a failed save, a handler that throws, a store that is down: 503, 500, 503, without a warning of Node's", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { stage, visit } = await site(() => {});
    const failed = await visit((found, _req, res) => {
      found.set("n", 1);
      stage.down = true;
      res.end("saved");
    });
    const down = await visit((_found, _req, res) => res.end(), { cookie: `sessionid=${"A".repeat(43)}` });
    stage.down = false;
    const thrown = await visit(() => {
      throw new Error("broken");
    });
    expect([failed.status, down.status, thrown.status]).toEqual([503, 503, 500]);
    expect(failed.headers["set-cookie"]).toBe(undefined);
    const named = warnings.mock.calls.map(([warning]) => String(warning));
    expect(named.filter((warning) => warning.includes("not supported by HTTP/2"))).toEqual([]);
  });

  test("a client that resets the stream before the save has settled: it is stored all the same", async () => {
    const { stage, manager, session, visit } = await site(() => {});
    const create = stage.hold("create");
    void visit((found, _req, res) => {
      found.set("n", 1);
      res.write("a");
      res.end("b");
    }).catch(() => {});
    await create.reached;
    session.destroy();
    await new Promise((resolve) => session.on("close", resolve));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    await create.proceed();
    expect(await manager.count()).toBe(1);
  });
});

const openssl = hasOpenssl();

describe.skipIf(!openssl)("HTTP/2 and HTTP/1.1 at one port, over TLS", () => {
  test("both are served, with Secure cookies", async () => {
    const manager = await new Stage().manager();
    const listener = manager.handler((session, req, res) => {
      session.set("version", req.httpVersion);
      res.end(req.httpVersion);
    });
    const server = createSecureServer({ ...certificate(), allowHTTP1: true }, listener as never);
    const at = await port(server);
    const session = client(`https://127.0.0.1:${at}`, { rejectUnauthorized: false });
    const second = await get(session);
    expect(second.body).toBe("2.0");
    expect(String(second.headers["set-cookie"])).toMatch(/; Secure/);
    const first = await new Promise<{ cookie: string; body: string }>((resolve, reject) => {
      const options = { port: at, host: "127.0.0.1", rejectUnauthorized: false, agent: false };
      const req = request(options, (res) => {
        const cookie = String(res.headers["set-cookie"]);
        res.setEncoding("utf8").on("data", (body) => resolve({ cookie, body }));
      });
      req.on("error", reject).end();
    });
    expect(first.body).toBe("1.1");
    expect(first.cookie).toMatch(/; Secure/);
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function certificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "sess-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const args = ["req", "-x509", ...kind, "-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}
