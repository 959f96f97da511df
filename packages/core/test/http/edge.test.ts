import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import type { SessionHandler, StoreManager } from "../../src/manager/manager.js";
import type { SessionData, SessionStore } from "../../src/session/session-store.js";
import { Stage } from "../../test-support/stage.js";

// The Node edge over real sockets: what the client sees, and when.

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

const servers: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

interface Options {
  readonly cookie?: string | undefined;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** Resolves when the answer is complete; rejects when it breaks off. */
function get(port: number, { cookie, method, path, headers }: Options = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      method,
      path,
      agent: false,
      headers: { ...headers, ...(cookie && { cookie }) },
    };
    const req = request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body });
      });
    });
    req.on("error", reject);
    req.end();
  });
}

/** What a browser would send back. */
function cookieOf(answer: Answer, name = "sessionid"): string | undefined {
  const line = answer.headers["set-cookie"]?.find((each) => each.startsWith(`${name}=`));
  return line?.split(";")[0];
}

/** A stage, a manager over it, and a server whose handler can be replaced. */
async function site(config: ManagerConfig = {}) {
  const stage = new Stage();
  const manager = await stage.manager(config);
  let handler: SessionHandler<SessionData> = (_session, _req, res) => res.end();
  const port = await serve(manager.handler((session, req, res) => handler(session, req, res)));
  const visit = (next: SessionHandler<SessionData>, options?: Options) => {
    handler = next;
    return get(port, options);
  };
  return { stage, manager, port, visit };
}

async function signedIn(visit: Awaited<ReturnType<typeof site>>["visit"]): Promise<string> {
  const answer = await visit((session, _req, res) => {
    session.set("user", "ada");
    res.end();
  });
  return cookieOf(answer) ?? "";
}

/** Errors that core reports, which vitest would otherwise print as warnings. */
function silenceWarnings() {
  return vi.spyOn(process, "emitWarning").mockImplementation(() => {});
}

describe("lazy", () => {
  test("a request that only reads stores nothing and gets no cookie; Vary also where it only reads", async () => {
    const { stage, visit } = await site();
    const answer = await visit((session, _req, res) => res.end(String(session.get("user"))));
    expect(answer.body).toBe("undefined");
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(answer.headers.vary).toBe("Cookie");
    expect(stage.calls).toEqual([]);
  });

  test("a session is stored once it holds something, by one call, and read by one", async () => {
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    expect(stage.calls.splice(0)).toEqual(["create"]);
    const read = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(read.body).toBe("ada");
    expect(read.headers["set-cookie"]).toBe(undefined);
    expect(stage.calls.splice(0)).toEqual(["read"]);
    await visit((session, _req, res) => res.end(String(session.set("n", 1))), { cookie });
    expect(stage.calls).toEqual(["read", "update"]);
  });

  test("deleting from a session that holds nothing stores nothing", async () => {
    const { stage, visit } = await site();
    const answer = await visit((session, _req, res) => {
      session.delete("user");
      session.flush();
      res.end();
    });
    expect(stage.calls).toEqual([]);
    expect(answer.headers["set-cookie"]).toBe(undefined);
  });

  test("a malformed, forged or unknown id is none: no error, no read for a wrong shape, never adopted", async () => {
    const { stage, visit, manager } = await site();
    for (const value of ["x", "../../etc/passwd", "a".repeat(5000), "%00", '"', "é".repeat(43)]) {
      const answer = await visit((_session, _req, res) => res.end("ok"), { cookie: `sessionid=${encodeURI(value)}` });
      expect(answer.body).toBe("ok");
    }
    expect(stage.calls).toEqual([]);
    const unknown = "A".repeat(43);
    const answer = await visit((session, _req, res) => res.end(String(session.set("user", "eve"))), {
      cookie: `sessionid=${unknown}`,
    });
    expect(cookieOf(answer)).not.toBe(`sessionid=${unknown}`);
    expect(await manager.exists(unknown)).toBe(false);
  });
});

describe("saved before seen", () => {
  test("nothing leaves before the session is stored", async () => {
    const { stage, visit, manager } = await site();
    const create = stage.hold("create");
    let seen = false;
    const answering = visit((session, _req, res) => {
      session.set("user", "ada");
      res.writeHead(302, { Location: "/home" });
      res.write("moved");
      res.end();
    }).then((answer) => {
      seen = true;
      return answer;
    });
    await create.reached;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(false);
    await create.proceed();
    const answer = await answering;
    expect(answer).toMatchObject({ status: 302, body: "moved" });
    expect(answer.headers.location).toBe("/home");
    expect(await manager.exists(cookieOf(answer)?.slice("sessionid=".length) ?? "")).toBe(true);
  });

  test("a redirect followed at once finds the session: 200 clients of a store that takes 300 ms", async () => {
    const { stage, visit } = await site();
    stage.delay = 300;
    const route: SessionHandler<SessionData> = (session, req, res) => {
      const step = req.url?.slice(1);
      if (step === undefined || step === "") return res.end(String(session.get("step")));
      session.set("step", step);
      return res.writeHead(303, { Location: "/" }).end();
    };
    const client = async (step: number) => {
      const redirect = await visit(route, { path: `/${step}` });
      const path = redirect.headers.location ?? "/lost";
      return (await visit(route, { path, cookie: cookieOf(redirect) })).body;
    };
    const steps = Array.from({ length: 200 }, (_, step) => step);
    expect(await Promise.all(steps.map(client))).toEqual(steps.map(String));
  });

  test("a failed creation is a failed response without a cookie", async () => {
    const warnings = silenceWarnings();
    const { stage, visit, manager } = await site();
    const answer = await visit((session, _req, res) => {
      session.set("user", "ada");
      stage.down = true;
      res.setHeader("X-App", "1");
      res.writeHead(200, { "Content-Type": "text/html" });
      res.end("welcome");
    });
    stage.down = false;
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain("welcome");
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(answer.headers["x-app"]).toBe(undefined);
    expect(await manager.count()).toBe(0);
    expect(warnings).toHaveBeenCalledOnce();
  });

  test("a failed save is a failed response, and the old id stays good", async () => {
    silenceWarnings();
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    const failed = await visit(
      (session, _req, res) => {
        session.set("user", "eve");
        stage.down = true;
        res.end("saved");
      },
      { cookie },
    );
    stage.down = false;
    expect(failed.status).toBe(503);
    expect(failed.headers["set-cookie"]).toBe(undefined);
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(after.body).toBe("ada");
  });

  test("a save that fails after a successful regenerate: the cookie goes out with the error", async () => {
    silenceWarnings();
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    const failed = await visit(
      async (session, _req, res) => {
        await session.regenerate();
        session.set("n", 1);
        stage.down = true;
        res.end("saved");
      },
      { cookie },
    );
    stage.down = false;
    expect(failed.status).toBe(503);
    const renewed = cookieOf(failed);
    expect(renewed).not.toBe(undefined);
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie: renewed });
    expect(after.body).toBe("ada");
  });

  test("a head that cannot be written: the error still carries the new id's cookie", async () => {
    silenceWarnings();
    const { visit } = await site();
    const cookie = await signedIn(visit);
    const failed = await visit(
      async (session, _req, res) => {
        await session.regenerate();
        session.set("n", 1);
        res.statusMessage = "not\nallowed";
        res.end("saved");
      },
      { cookie },
    );
    expect(failed.status).toBe(500);
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), {
      cookie: cookieOf(failed),
    });
    expect(after.body).toBe("ada");
    const nothing = await visit((_session, _req, res) => {
      res.statusMessage = "not\nallowed";
      res.end();
    });
    expect(nothing.status).toBe(500);
  });

  test("a store that is down at read is a 503, never a new session", async () => {
    silenceWarnings();
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    stage.down = true;
    let ran = false;
    const answer = await visit(
      (_session, _req, res) => {
        ran = true;
        res.end();
      },
      { cookie },
    );
    expect(answer.status).toBe(503);
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(ran).toBe(false);
    stage.down = false;
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(after.body).toBe("ada");
  });

  test("a session that somebody destroyed meanwhile: 409 and no cookie", async () => {
    const { visit, manager } = await site();
    const cookie = await signedIn(visit);
    const answer = await visit(
      async (session, _req, res) => {
        const other = await manager.load(session.id);
        await other?.destroy();
        session.set("n", 1);
        res.end("saved");
      },
      { cookie },
    );
    expect(answer.status).toBe(409);
    expect(answer.headers["set-cookie"]).toBe(undefined);
  });
});

describe("a handler that fails", () => {
  test("by throwing: 500, and its changes are discarded", async () => {
    const warnings = silenceWarnings();
    const { visit } = await site();
    const cookie = await signedIn(visit);
    const answer = await visit(
      (session) => {
        session.set("user", "eve");
        throw new Error("broken");
      },
      { cookie },
    );
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("broken");
    expect(warnings.mock.calls[0]?.[0]).toMatchObject({ message: "broken" });
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(after.body).toBe("ada");
  });

  test("by answering 5xx: its changes are discarded, an acknowledged update stays", async () => {
    const { visit } = await site();
    const cookie = await signedIn(visit);
    await visit(
      async (session, _req, res) => {
        await session.update("n", () => 1);
        session.set("user", "eve");
        res.writeHead(502).end();
      },
      { cookie },
    );
    const after = await visit((session, _req, res) => res.end(`${session.get("user")} ${session.get("n")}`), {
      cookie,
    });
    expect(after.body).toBe("ada 1");
  });

  test("after the first byte: the connection breaks off", async () => {
    silenceWarnings();
    const { visit } = await site();
    const failing = visit(async (_session, _req, res) => {
      res.write("half");
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("broken");
    });
    await expect(failing).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});

describe("odd responses", () => {
  test("writeHead's headers in every form are merged with the cookie", async () => {
    const { visit } = await site();
    const forms: ((res: Parameters<SessionHandler<SessionData>>[2]) => void)[] = [
      (res) => res.writeHead(200, { "Set-Cookie": ["a=1", "b=2"], "X-One": "1" }),
      (res) => res.writeHead(200, "Fine", { "Set-Cookie": ["a=1", "b=2"], "X-One": "1" }),
      (res) => res.writeHead(200, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "X-One", "1"]),
      (res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).writeHead(200, { "X-One": "1" }),
    ];
    for (const form of forms) {
      const answer = await visit((session, _req, res) => {
        session.set("user", "ada");
        form(res);
        res.end("body");
      });
      expect(answer.headers["set-cookie"]?.slice(0, 2)).toEqual(["a=1", "b=2"]);
      expect(cookieOf(answer)).not.toBe(undefined);
      expect(answer.headers["x-one"]).toBe("1");
      expect(answer.body).toBe("body");
    }
  });

  test("HEAD, 204, 304", async () => {
    const { visit } = await site();
    const head = await visit(
      (session, _req, res) => {
        session.set("n", 1);
        res.setHeader("Content-Length", 4);
        res.end("body");
      },
      { method: "HEAD" },
    );
    expect(head).toMatchObject({ status: 200, body: "" });
    expect(cookieOf(head)).not.toBe(undefined);
    for (const status of [204, 304]) {
      const answer = await visit((session, _req, res) => {
        session.set("n", status);
        res.writeHead(status).end();
      });
      expect(answer).toMatchObject({ status, body: "" });
      expect(cookieOf(answer)).not.toBe(undefined);
    }
  });

  test("a stream piped while held keeps order and back-pressure", async () => {
    const { stage, visit } = await site();
    const create = stage.hold("create");
    let produced = 0;
    const chunks = Array.from({ length: 200 }, (_, i) => `${i}:`.padEnd(16_384, "."));
    const answering = visit((session, _req, res) => {
      session.set("n", 1);
      const source = Readable.from(
        (function* () {
          for (const chunk of chunks) {
            produced++;
            yield chunk;
          }
        })(),
        { objectMode: false, highWaterMark: 16_384 },
      );
      pipeline(source, res, () => {});
    });
    await create.reached;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(8);
    await create.proceed();
    expect((await answering).body).toBe(chunks.join(""));
  });

  test("while held the response says that its head has gone", async () => {
    const { stage, visit } = await site();
    const create = stage.hold("create");
    const said: unknown[] = [];
    const answering = visit((session, _req, res) => {
      session.set("n", 1);
      said.push(res.headersSent, res.writableEnded);
      res.statusCode = 201;
      res.end("first");
      said.push(res.headersSent, res.writableEnded);
      res.statusCode = 500;
      res.end();
      expect(() => res.setHeader("X-Late", "1")).toThrow(/headers/);
    });
    await create.reached;
    await create.proceed();
    const answer = await answering;
    expect(said).toEqual([false, false, true, true]);
    expect(answer).toMatchObject({ status: 201, body: "first" });
  });

  test("callbacks of write and end are called, in order", async () => {
    const { visit } = await site();
    const called: string[] = [];
    await visit((session, _req, res) => {
      session.set("n", 1);
      res.write("a", () => called.push("write"));
      res.end("b", "utf8", () => called.push("end"));
    });
    expect(called).toEqual(["write", "end"]);
  });

  test("103 passes at once, and the session's headers come with the response", async () => {
    const { visit } = await site();
    const answer = await visit((session, _req, res) => {
      session.set("n", 1);
      res.writeEarlyHints({ link: "</style.css>; rel=preload" });
      res.end("body");
    });
    expect(answer).toMatchObject({ status: 200, body: "body" });
    expect(cookieOf(answer)).not.toBe(undefined);
  });
});

describe("after the head has gone", () => {
  /** From Node 26 on, the first `write` is sent in the next turn. */
  const leaving = () => new Promise((resolve) => setImmediate(resolve));

  test("changes of a stored session are stored at the end", async () => {
    const { visit } = await site();
    const cookie = await signedIn(visit);
    await visit(
      (session, _req, res) => {
        res.write("a");
        session.set("n", 1);
        res.end("b");
      },
      { cookie },
    );
    const after = await visit((session, _req, res) => res.end(String(session.get("n"))), { cookie });
    expect(after.body).toBe("1");
  });

  test("also when an object was changed in place while the head was held", async () => {
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    await visit((session, _req, res) => res.end(String(session.set("cart", ["bread"]))), { cookie });
    const held = stage.hold("update");
    const answering = visit(
      async (session, _req, res) => {
        const cart = session.get("cart") as string[];
        session.set("a", 1);
        res.write("a");
        await held.reached;
        cart.push("milk");
        res.write("b");
        res.end("c");
        res.end();
      },
      { cookie },
    );
    await held.reached;
    await held.proceed();
    expect((await answering).body).toBe("abc");
    const after = await visit((session, _req, res) => res.end(`${session.get("a")} ${session.get("cart")}`), {
      cookie,
    });
    expect(after.body).toBe("1 bread,milk");
  });

  test("or the answer breaks off", async () => {
    silenceWarnings();
    const { stage, visit } = await site();
    const cookie = await signedIn(visit);
    const failing = visit(
      async (session, _req, res) => {
        res.write("a");
        await leaving();
        session.set("n", 1);
        stage.down = true;
        res.end("b");
      },
      { cookie },
    );
    await expect(failing).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("what needs a cookie is SESS_HEADERS_SENT", async () => {
    const { visit } = await site();
    const cookie = await signedIn(visit);
    const codes: unknown[] = [];
    const note = (error: unknown) => codes.push((error as { code: string }).code);
    await visit(async (session, _req, res) => {
      res.write("a");
      await leaving();
      try {
        session.set("n", 1);
      } catch (error) {
        note(error);
      }
      res.end();
    });
    await visit(
      async (session, _req, res) => {
        res.write("a");
        await leaving();
        await session.regenerate().catch(note);
        res.end();
      },
      { cookie },
    );
    expect(codes).toEqual(["SESS_HEADERS_SENT", "SESS_HEADERS_SENT"]);
  });
});

describe("cookies", () => {
  const store: SessionHandler<SessionData> = (session, _req, res) => {
    session.set("n", 1);
    res.end();
  };

  test("HttpOnly, SameSite=Lax, Path=/, no Secure over plain HTTP, and the answer is not to be cached", async () => {
    const { visit } = await site();
    const answer = await visit(store);
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/^sessionid=[\w-]{43}; /);
    expect(answer.headers["set-cookie"]?.[0]?.split("; ").slice(1).sort()).toEqual([
      "HttpOnly",
      "Path=/",
      "SameSite=Lax",
    ]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers.vary).toBe("Cookie");
  });

  test("a cacheable answer becomes no-store when it carries the cookie (Flask CVE-2023-30861)", async () => {
    const { visit } = await site();
    const answer = await visit((session, _req, res) => {
      session.set("n", 1);
      res.writeHead(200, { "Cache-Control": "public, max-age=600", Vary: "Accept" }).end();
    });
    expect(answer.headers["cache-control"]).toMatch(/no-store/);
    expect(answer.headers["cache-control"]).not.toMatch(/public/);
    expect(answer.headers.vary).toBe("Accept, Cookie");
  });

  test("Secure when a trusted proxy says so, and not on the client's own word", async () => {
    const headers = { "X-Forwarded-Proto": "https" };
    const trusted = await (await site({ trustProxy: 1 })).visit(store, { headers });
    expect(trusted.headers["set-cookie"]?.[0]).toMatch(/; Secure/);
    const untrusted = await (await site()).visit(store, { headers });
    expect(untrusted.headers["set-cookie"]?.[0]).not.toMatch(/Secure/);
  });

  test("signing in changes the id, and the old cookie is no longer valid (passport CVE-2022-25896)", async () => {
    const { visit } = await site();
    const cookie = await signedIn(visit);
    const answer = await visit(
      async (session, _req, res) => {
        await session.regenerate();
        res.end();
      },
      { cookie },
    );
    expect(cookieOf(answer)).not.toBe(cookie);
    const old = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(old.body).toBe("undefined");
    expect(old.headers["set-cookie"]).toBe(undefined);
  });

  test("signing out clears the cookie with its attributes (rack CVE-2025-46336: nothing comes back)", async () => {
    const { visit } = await site({ path: "/app" });
    const cookie = await signedIn(visit);
    const answer = await visit(
      async (session, _req, res) => {
        session.set("late", 1);
        await session.destroy();
        res.end();
      },
      { cookie },
    );
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/^sessionid=; .*Path=\/app.*/);
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/Max-Age=0/);
    const after = await visit((session, _req, res) => res.end(String(session.get("user"))), { cookie });
    expect(after.body).toBe("undefined");
  });

  test("an unknown or retired id's cookie is left alone", async () => {
    const { visit } = await site();
    const answer = await visit((_session, _req, res) => res.end(), { cookie: `sessionid=${"A".repeat(43)}` });
    expect(answer.headers["set-cookie"]).toBe(undefined);
  });

  test("of several cookies of our name the one that is a session counts; two sessions count for nothing", async () => {
    const { visit } = await site();
    const [one, two] = [await signedIn(visit), await signedIn(visit)];
    const who: SessionHandler<SessionData> = (session, _req, res) => res.end(String(session.get("user")));
    const stale = `sessionid=${"A".repeat(43)}`;
    expect((await visit(who, { cookie: `${stale}; ${one}` })).body).toBe("ada");
    expect((await visit(who, { cookie: `${one}; ${one}` })).body).toBe("ada");
    expect((await visit(who, { cookie: `${one}; ${two}` })).body).toBe("undefined");
  });

  test("enableSetCookie false sends none", async () => {
    const { visit } = await site({ enableSetCookie: false });
    expect((await visit(store)).headers["set-cookie"]).toBe(undefined);
  });

  test("the seed's header and query modes", async () => {
    const { visit } = await site({ sidInHeader: true, sidInUrlQuery: true });
    const answer = await visit(store);
    const id = String(answer.headers["x-session-id"]);
    const who: SessionHandler<SessionData> = (session, _req, res) => res.end(String(session.get("n")));
    expect((await visit(who, { headers: { "X-Session-Id": id } })).body).toBe("1");
    expect((await visit(who, { path: `/?a=b&sessionid=${id}` })).body).toBe("1");
    const off = await site();
    const other = cookieOf(await off.visit(store))?.slice("sessionid=".length) ?? "";
    expect((await off.visit(who, { headers: { "X-Session-Id": other } })).body).toBe("undefined");
    expect((await off.visit(who, { path: `/?sessionid=${other}` })).body).toBe("undefined");
  });
});

describe("a method that was looked up before the session was asked for, as in res.end(await …)", () => {
  /** The handler, over a store that can be stopped, with `start` in the arguments of the call. */
  async function early(handler: (start: () => Promise<SessionStore<SessionData>>, res: ServerResponse) => unknown) {
    const stage = new Stage();
    const manager = await stage.manager();
    const failures: unknown[] = [];
    const port = await serve(async (req, res) => {
      const start = async () => {
        const session = await manager.start(req, res);
        session.set("user", "ada");
        return session;
      };
      await Promise.resolve(handler(start, res)).catch((error) => failures.push(error));
    });
    return { stage, port, failures };
  }

  test("end waits for the session, and the response is what it always is", async () => {
    const { stage, port } = await early(async (start, res) => res.end(String((await start()).get("user"))));
    const create = stage.hold("create");
    let seen = false;
    const answering = get(port).then((answer) => {
      seen = true;
      return answer;
    });
    await create.reached;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(false);
    await create.proceed();
    const answer = await answering;
    expect(answer).toMatchObject({ status: 200, body: "ada", headers: { "content-length": "3" } });
    expect(cookieOf(answer)).not.toBe(undefined);
  });

  test("so does it with a callback, which is called once, and a buffer; HEAD; a second end; after a write", async () => {
    let called = 0;
    const { port } = await early(async (start, res) => {
      res.end(Buffer.from(String((await start()).get("user"))), () => called++);
      res.end();
    });
    expect((await get(port)).body).toBe("ada");
    expect(called).toBe(1);
    const head = await get(port, { method: "HEAD" });
    expect([head.status, head.body, cookieOf(head) !== undefined]).toEqual([200, "", true]);

    const written = await early(async (start, res) => {
      const { end } = res;
      const session = await start();
      res.write("hello ");
      Reflect.apply(end, res, [String(session.get("user"))]);
    });
    expect(await get(written.port)).toMatchObject({ status: 200, body: "hello ada" });
  });

  test("write", async () => {
    const { port } = await early(async (start, res) => {
      res.write(String((await start()).get("user")));
      res.write("!");
      res.end("?");
    });
    const answer = await get(port);
    expect(answer).toMatchObject({ status: 200, body: "ada!?" });
    expect(cookieOf(answer)).not.toBe(undefined);
  });

  test("write and end both", async () => {
    const { port } = await early(async (start, res) => {
      const { write, end } = res;
      await start();
      Reflect.apply(write, res, ["a"]);
      Reflect.apply(write, res, ["b"]);
      Reflect.apply(end, res, ["c"]);
    });
    expect((await get(port)).body).toBe("abc");
  });

  test("what the application corks and uncorks itself stays in its order (found by random calls under Node 24)", async () => {
    const { port } = await early(async (start, res) => {
      await start();
      res.cork();
      res.write("a");
      res.uncork();
      res.write("b");
      res.end();
      res.uncork();
    });
    expect((await get(port)).body).toBe("ab");
  });

  test("a save that fails is a failed response", async () => {
    silenceWarnings();
    const { stage, port } = await early(async (start, res) => {
      res.end(
        await start().then((session) => {
          stage.down = true;
          return String(session.get("user"));
        }),
      );
    });
    const answer = await get(port);
    expect(answer.status).toBe(503);
    expect(answer.headers["set-cookie"]).toBe(undefined);
    expect(answer.body).not.toContain("ada");
  });
});

describe("two Managers on one response", () => {
  test("hold it in layers, with a middleware in between: both are stored before it leaves", async () => {
    const [outer, inner] = [new Stage(), new Stage()];
    const one = await outer.manager({ cookieName: "one" });
    const two = await inner.manager({ cookieName: "two" });
    const between: unknown[] = [];
    const port = await serve(async (req, res) => {
      const first = await one.start(req, res);
      const { end } = res;
      res.end = ((...args: unknown[]) => {
        between.push(args[0]);
        return Reflect.apply(end, res, args);
      }) as typeof end;
      const second = await two.start(req, res);
      first.set("n", Number(first.get("n") ?? 0) + 1);
      second.set("n", Number(second.get("n") ?? 0) + 10);
      res.end(`${first.get("n")} ${second.get("n")}`);
    });
    const creates = [outer.hold("create"), inner.hold("create")];
    let seen = false;
    const answering = get(port).then((answer) => {
      seen = true;
      return answer;
    });
    // The inner one asks first; only what it lets pass comes to the outer one.
    await creates[1]?.reached;
    await creates[1]?.proceed();
    await creates[0]?.reached;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(false);
    await creates[0]?.proceed();
    const answer = await answering;
    expect([answer.body, ...between]).toEqual(["1 10", "1 10"]);
    const cookie = `${cookieOf(answer, "one")}; ${cookieOf(answer, "two")}`;
    expect((await get(port, { cookie })).body).toBe("2 20");
  });

  test("and where the second is refused, the new id that the first was given goes out all the same", async () => {
    const [one, two] = [
      await new Stage().manager({ cookieName: "one" }),
      await new Stage().manager({ cookieName: "two" }),
    ];
    const port = await serve(async (req, res) => {
      const [first, second] = [await one.start(req, res), await two.start(req, res)];
      if (req.url === "/begin") second.set("n", 1);
      if (req.url === "/begin") first.set("user", "ada");
      else if (req.url === "/refused") {
        await first.regenerate();
        first.set("more", 1);
        await (await two.load(second.id))?.destroy();
        second.set("n", 2);
      }
      res.end(String(first.get("user")));
    });
    const begun = await get(port, { path: "/begin" });
    const [old, other] = [cookieOf(begun, "one"), cookieOf(begun, "two")];
    const refused = await get(port, { path: "/refused", cookie: `${old}; ${other}` });
    expect(refused.status).toBe(409);
    expect(cookieOf(refused, "one")).not.toBe(old);
    expect((await get(port, { cookie: cookieOf(refused, "one") })).body).toBe("ada");
  });
});

describe("start", () => {
  test("twice in one request gives the same session", async () => {
    const manager: StoreManager<SessionData> = await new Stage().manager();
    const port = await serve(async (req, res) => {
      const [one, two] = await Promise.all([manager.start(req, res), manager.start(req, res)]);
      one.set("n", 1);
      res.end(String(one === two && two.get("n")));
    });
    expect((await get(port)).body).toBe("1");
  });

  test("the seed's handler: get, set, SessionRelease by itself", async () => {
    const manager = await new Stage().manager({ cookieName: "gosessionid", gcLifetime: 3600 });
    const port = await serve(async (req, res) => {
      const session = await manager.start(req, res);
      const username = session.get("username");
      if (req.method === "POST") session.set("username", "astaxie");
      res.end(String(username));
    });
    const posted = await get(port, { method: "POST" });
    expect((await get(port, { cookie: cookieOf(posted, "gosessionid") })).body).toBe("astaxie");
  });
});
