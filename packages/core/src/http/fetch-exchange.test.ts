import { afterEach, describe, expect, test, vi } from "vitest";
import { Stage } from "../../test-support/stage.js";
import type { FetchHandler } from "../manager/manager.js";
import type { SessionData } from "../session/session-store.js";

// The Fetch edge: from a Request to its Response.

afterEach(() => {
  vi.restoreAllMocks();
});

const quiet = () => vi.spyOn(process, "emitWarning").mockImplementation(() => {});

async function site() {
  const stage = new Stage();
  const manager = await stage.manager();
  const visit = (handler: FetchHandler<SessionData>, cookie?: string, url = "http://host/") =>
    manager.handle(new Request(url, cookie === undefined ? {} : { headers: { cookie } }), handler);
  return { stage, manager, visit };
}

function cookieOf(response: Response): string | undefined {
  return response.headers
    .getSetCookie()
    .find((line) => line.startsWith("sessionid="))
    ?.split(";")[0];
}

const signIn: FetchHandler<SessionData> = (session) => {
  session.set("user", "ada");
  return new Response("in");
};
const who: FetchHandler<SessionData> = (session) => new Response(String(session.get("user")));

describe("a Request to its Response", () => {
  test("stores a session and finds it again", async () => {
    const { visit } = await site();
    const first = await visit(signIn);
    expect(await first.text()).toBe("in");
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.headers.get("vary")).toBe("Cookie");
    const second = await visit(who, cookieOf(first));
    expect(await second.text()).toBe("ada");
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  test("resolves only once the session is stored", async () => {
    const { stage, visit } = await site();
    const create = stage.hold("create");
    let answered = false;
    const answering = visit(signIn).then((response) => {
      answered = true;
      return response;
    });
    await create.reached;
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    await create.proceed();
    expect(cookieOf(await answering)).not.toBe(undefined);
  });

  test("a failed save is a 503 without a cookie", async () => {
    quiet();
    const { stage, visit } = await site();
    const response = await visit((session) => {
      session.set("user", "ada");
      stage.down = true;
      return new Response("welcome", { headers: { "x-app": "1" } });
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("x-app")).toBe(null);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("a store that is down at read is a 503, and the handler does not run", async () => {
    quiet();
    const { stage, visit } = await site();
    const cookie = cookieOf(await visit(signIn));
    stage.down = true;
    const handler = vi.fn(who);
    expect((await visit(handler, cookie)).status).toBe(503);
    expect(handler).not.toHaveBeenCalled();
  });

  test("redirects, whose headers are immutable, and thrown responses", async () => {
    const { visit } = await site();
    for (const answer of ["return", "throw"] as const) {
      const response = await visit((session) => {
        session.set("user", "ada");
        const redirect = Response.redirect("http://host/next", 303);
        if (answer === "throw") throw redirect;
        return redirect;
      });
      expect([response.status, response.headers.get("location")]).toEqual([303, "http://host/next"]);
      expect(cookieOf(response)).not.toBe(undefined);
    }
  });

  test("other cookies are kept, each in a line of its own, and the body is passed on unread", async () => {
    const { visit } = await site();
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          if (++pulled > 3) controller.close();
          else controller.enqueue(new TextEncoder().encode(`${pulled}`));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await visit((session) => {
      session.set("user", "ada");
      const headers = new Headers([
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ]);
      return new Response(body, { headers });
    });
    expect(pulled).toBe(0);
    expect(response.headers.getSetCookie().slice(0, 2)).toEqual(["a=1", "b=2"]);
    expect(response.headers.getSetCookie()).toHaveLength(3);
    expect(await response.text()).toBe("123");
  });

  test("a throw is a 500 and discards; a new id given before it goes out all the same", async () => {
    quiet();
    const { visit } = await site();
    const cookie = cookieOf(await visit(signIn));
    const failed = await visit(async (session) => {
      await session.regenerate();
      session.set("user", "eve");
      throw new Error("broken");
    }, cookie);
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain("broken");
    expect(await (await visit(who, cookieOf(failed))).text()).toBe("ada");
  });

  test("a 5xx discards", async () => {
    const { visit } = await site();
    const cookie = cookieOf(await visit(signIn));
    await visit((session) => {
      session.set("user", "eve");
      return new Response("", { status: 502 });
    }, cookie);
    expect(await (await visit(who, cookie)).text()).toBe("ada");
  });

  test("a conflict with a sign-out is a 409", async () => {
    const { manager, visit } = await site();
    const cookie = cookieOf(await visit(signIn));
    const response = await visit(async (session) => {
      await (await manager.load(session.id))?.destroy();
      session.set("n", 1);
      return new Response("saved");
    }, cookie);
    expect(response.status).toBe(409);
  });

  test("Secure by the URL", async () => {
    const { visit } = await site();
    expect((await visit(signIn, undefined, "https://host/")).headers.getSetCookie()[0]).toMatch(/Secure/);
    expect((await visit(signIn)).headers.getSetCookie()[0]).not.toMatch(/Secure/);
  });

  test("in its parts: who never asks for the session costs nothing", async () => {
    const { stage, manager, visit } = await site();
    const cookie = cookieOf(await visit(signIn)) ?? "";
    stage.calls.length = 0;
    const exchange = manager.begin(new Request("http://host/", { headers: { cookie } }));
    const response = new Response("static");
    expect(await exchange.respond(response)).toBe(response);
    expect(stage.calls).toEqual([]);
    expect(response.headers.get("vary")).toBe(null);
  });

  test("in its parts: who asks when the response has gone may read, and store what needs no cookie", async () => {
    const { manager, visit } = await site();
    const cookie = cookieOf(await visit(signIn)) ?? "";
    const late = async (headers: Record<string, string>) => {
      const exchange = manager.begin(new Request("http://host/", { headers }));
      await exchange.respond(new Response("gone"));
      return exchange.session();
    };
    const sent = expect.objectContaining({ code: "SESS_HEADERS_SENT" });
    const fresh = await late({});
    expect(() => fresh.set("user", "eve")).toThrow(sent);
    const found = await late({ cookie });
    await expect(found.regenerate()).rejects.toEqual(sent);
    found.set("user", "bob");
    await found.release();
    expect(await (await visit(who, cookie)).text()).toBe("bob");
    await found.destroy();
    expect(await (await visit(who, cookie)).text()).not.toBe("bob");
  });
});
