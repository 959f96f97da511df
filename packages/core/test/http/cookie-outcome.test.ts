import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ManagerConfig } from "../../src/config/options.js";
import type { ResponseEvent } from "../../src/diagnostics.js";
import type { FetchHandler, StoreManager } from "../../src/manager/manager.js";
import type { SessionData } from "../../src/session/session-store.js";
import { eventsOf } from "../../test-support/events.js";
import { Stage } from "../../test-support/stage.js";

// "Why was no cookie set?": one event for each request that asked for its session, and one warning for the classic.

const events = eventsOf<ResponseEvent>("sess:response");
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const quiet = () => vi.spyOn(process, "emitWarning").mockImplementation(() => {});
const ok = () => new Response("ok");

async function site(config: ManagerConfig = {}) {
  const stage = new Stage();
  const manager = await stage.manager(config);
  const visit = (handler: FetchHandler<SessionData>, headers: Record<string, string> = {}, url = "http://shop.test/") =>
    manager.handle(new Request(url, { headers }), handler);
  /** A session's cookie, its own event taken off the list. */
  const signedIn = async () => {
    const response = await visit(signIn);
    events.length = 0;
    return { cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  };
  return { stage, manager, visit, signedIn };
}

const signIn: FetchHandler<SessionData> = (session) => {
  session.set("user", "ada");
  return ok();
};

describe("one event says what became of the cookie", () => {
  const base = { provider: "memory", namespace: "sessionid" };

  test("set, unchanged, cleared", async () => {
    const { visit, signedIn } = await site();
    await visit(signIn);
    expect(events).toEqual([{ ...base, cookie: "set" }]);
    const cookie = await signedIn();
    await visit(ok, cookie);
    await visit(signIn, cookie);
    await visit(async (session) => {
      await session.destroy();
      return ok();
    }, cookie);
    expect(events.map((event) => event.cookie)).toEqual(["unchanged", "unchanged", "cleared"]);
  });

  test("empty: there is nothing to keep; unknown: the cookie of our name leads nowhere", async () => {
    const { visit } = await site();
    await visit(ok);
    await visit(ok, { cookie: "sessionid=nonsense" });
    expect(events.map((event) => event.cookie)).toEqual(["empty", "unknown"]);
  });

  test("retired: the id had been replaced by another request", async () => {
    const { visit, manager, signedIn } = await site();
    const cookie = await signedIn();
    const other = await manager.load(cookie.cookie.replace("sessionid=", ""));
    await other?.regenerate();
    await visit(ok, cookie);
    expect(events.map((event) => event.cookie)).toEqual(["retired"]);
  });

  test("refused: the session ended while the request changed it, and the application answered itself", async () => {
    const { visit, manager, signedIn } = await site();
    await visit(
      async (session) => {
        await (await manager.load(session.id))?.destroy();
        await session.update("n", () => 1).catch(() => {});
        return ok();
      },
      await signedIn(),
    );
    expect(events.map((event) => event.cookie)).toEqual(["refused"]);
  });

  test("failed: the response is the error of a save; with the code", async () => {
    quiet();
    const { visit, stage } = await site();
    await visit((session) => {
      session.set("user", "ada");
      stage.down = true;
      return ok();
    });
    expect(events).toEqual([{ ...base, cookie: "failed", code: "SESS_UNAVAILABLE" }]);
  });

  test("not-loaded: the store was down when the request came", async () => {
    quiet();
    const { visit, stage, signedIn } = await site();
    const cookie = await signedIn();
    stage.down = true;
    await visit(ok, cookie);
    expect(events).toEqual([{ ...base, cookie: "not-loaded", code: "SESS_UNAVAILABLE" }]);
  });

  test("discarded: the handler failed, by a status or by throwing", async () => {
    quiet();
    const { visit } = await site();
    await visit((session) => {
      session.set("user", "ada");
      return new Response("no", { status: 500 });
    });
    await visit((session) => {
      session.set("user", "ada");
      throw new Error("oops");
    });
    expect(events.map((event) => event.cookie)).toEqual(["discarded", "discarded"]);
  });

  test("set, also when a new id goes out with an error", async () => {
    quiet();
    const { visit, signedIn } = await site();
    await visit(
      async (session) => {
        await session.regenerate();
        throw new Error("oops");
      },
      await signedIn(),
    );
    expect(events.map((event) => event.cookie)).toEqual(["set"]);
  });

  test("disabled by enableSetCookie", async () => {
    const { visit } = await site({ enableSetCookie: false });
    await visit(signIn);
    expect(events.map((event) => event.cookie)).toEqual(["disabled"]);
  });

  test("headers-sent: the session was asked for when the response had begun; on Node once, at the end nothing more", async () => {
    const { manager } = await site();
    const server = createServer(async (req, res) => {
      res.write("begun");
      const session = await manager.start(req, res);
      expect(() => session.set("user", "ada")).toThrow();
      res.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await response.text();
    await new Promise((resolve) => server.close(resolve));
    expect(events.map((event) => event.cookie)).toEqual(["headers-sent"]);
  });

  test("once, also where a middleware refuses the head and an error's goes out in its place", async () => {
    quiet();
    const { manager } = await site();
    const listener = manager.handler((session, _req, res) => {
      session.set("user", "ada");
      res.writeHead(200).end();
    });
    const server = createServer((req, res) => {
      const writeHead = res.writeHead.bind(res);
      let refused = false;
      res.writeHead = ((...args: Parameters<typeof writeHead>) => {
        if (refused) return writeHead(...args);
        refused = true;
        throw new Error("refused");
      }) as typeof writeHead;
      listener(req, res);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await new Promise((resolve) => server.close(resolve));
    expect([response.status, ...events.map((event) => event.cookie)]).toEqual([500, "discarded"]);
    expect(await manager.count()).toBe(0);
  });

  test("no event holds an id, a field or a value; a request that never asks has none", async () => {
    const { manager, visit, signedIn } = await site();
    const { cookie } = await signedIn();
    await manager.begin(new Request("http://shop.test/", { headers: { cookie } })).respond(ok());
    expect(events).toEqual([]);
    await visit(signIn, { cookie });
    expect(Object.keys(events[0] ?? {}).sort()).toEqual(["cookie", "namespace", "provider"]);
  });
});

describe("not-secure", () => {
  test("a Secure cookie over plain HTTP, which browsers drop", async () => {
    const warn = quiet();
    const { visit } = await site({ secure: true });
    await visit(signIn);
    await visit(signIn);
    expect(events.map((event) => event.cookie)).toEqual(["not-secure", "not-secure"]);
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/plain HTTP.*browsers.*trustProxy/s);
  });

  test("also by a name that demands Secure", async () => {
    quiet();
    const { visit } = await site({ cookieName: "__Host-id" });
    await visit(signIn);
    expect(events.map((event) => event.cookie)).toEqual(["not-secure"]);
  });

  test.each(["http://localhost:3000/", "http://127.0.0.1/", "http://[::1]:80/", "http://shop.localhost/"])(
    "not on %s, where browsers keep it",
    async (url) => {
      const warn = quiet();
      const { visit } = await site({ secure: true });
      await visit(signIn, {}, url);
      expect(events.map((event) => event.cookie)).toEqual(["set"]);
      expect(warn).not.toHaveBeenCalled();
    },
  );

  test("nor over TLS, nor behind a proxy that is declared", async () => {
    const warn = quiet();
    await (await site({ secure: true })).visit(signIn, {}, "https://shop.test/");
    await (await site({ secure: true, trustProxy: 1 })).visit(signIn, { "x-forwarded-proto": "https" });
    expect(events.map((event) => event.cookie)).toEqual(["set", "set"]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("a proxy that is not declared: the cookie goes out without Secure, and one warning says so", async () => {
    const warn = quiet();
    const { visit } = await site();
    for (let n = 0; n < 2; n++) {
      const response = await visit(signIn, { "x-forwarded-proto": "https" });
      expect(response.headers.getSetCookie()[0]).not.toMatch(/Secure/);
    }
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/X-Forwarded-Proto.*without Secure.*trustProxy/s);
    expect(warn.mock.calls[0]?.[1]).toEqual({ code: "SESS_COOKIE_NOT_SECURE" });
  });

  test("no warning in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const warn = quiet();
    const { visit } = await site({ secure: true });
    await visit(signIn);
    expect(events.map((event) => event.cookie)).toEqual(["not-secure"]);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("a session that could not be loaded", () => {
  /** One answer of a server whose store is down, by each way to answer it oneself. */
  async function answered(listener: (manager: StoreManager<SessionData>) => RequestListener) {
    quiet();
    const { manager, stage, signedIn } = await site();
    const headers = await signedIn();
    const server = createServer(listener(manager));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stage.down = true;
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
    await response.text();
    await new Promise((resolve) => server.close(resolve));
    return response.status;
  }

  test("by the handler's own 503: the event has the code", async () => {
    const status = await answered((manager) => manager.handler((_session, _req, res) => res.end()));
    expect([status, events]).toEqual([
      503,
      [expect.objectContaining({ cookie: "not-loaded", code: "SESS_UNAVAILABLE" })],
    ]);
  });

  test("by an application that catches it and answers itself: too", async () => {
    const status = await answered((manager) => async (req, res) => {
      await manager.start(req, res).catch(() => undefined);
      res.end("sorry");
    });
    expect([status, events]).toEqual([
      200,
      [expect.objectContaining({ cookie: "not-loaded", code: "SESS_UNAVAILABLE" })],
    ]);
  });

  test("by Fetch: too", async () => {
    quiet();
    const { manager, stage, signedIn } = await site();
    const headers = await signedIn();
    stage.down = true;
    const exchange = manager.begin(new Request("http://shop.test/", { headers }));
    await exchange.session().catch(() => undefined);
    const later = exchange.session().catch(() => undefined);
    await exchange.respond(ok());
    await later;
    expect(events).toEqual([expect.objectContaining({ cookie: "not-loaded", code: "SESS_UNAVAILABLE" })]);
  });
});
