import { afterEach, describe, expect, test, vi } from "vitest";
import { show } from "../../test-support/handlers.js";
import { codeOf } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import { openBrokenTokens } from "../conformance/tokens/broken/bench.js";
import { createManager } from "../manager/create-manager.js";
import type { FetchHandler } from "../manager/manager.js";
import type { TokenConnector } from "../provider.js";
import type { SessionData } from "../session/session-store.js";

// Sessions in tokens on the Fetch edge: owners, lifetimes of their own, and which of two tokens counts.

afterEach(() => {
  vi.restoreAllMocks();
});

const quiet = () => vi.spyOn(process, "emitWarning").mockImplementation(() => {});
const open = openBrokenTokens({ name: "sound", fails: [] });
const keys = [new Uint8Array(32)] as const;
const tokens: TokenConnector = { kind: "token", name: "bench", connect: (context) => open({ ...context, keys }) };

async function site(config: ManagerConfig = {}) {
  let time = 1e12;
  const manager = await createManager(tokens, { now: () => time, ...config });
  const visit = (handler: FetchHandler<SessionData>, cookie?: string) =>
    manager.handle(new Request("http://host/", cookie === undefined ? {} : { headers: { cookie } }), handler);
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  return { manager, visit, wait };
}

const lineOf = (response: Response): string | undefined => response.headers.getSetCookie()[0];
const cookieOf = (response: Response): string | undefined => lineOf(response)?.split(";")[0];
const maxAgeOf = (response: Response): string | undefined => /Max-Age=(\d+)/.exec(lineOf(response) ?? "")?.[1];
/** 400 days: the token itself says when it ends. */
const longest = "34560000";
const put: FetchHandler<SessionData> = (session) => {
  session.set("user", "ada");
  return new Response("in");
};

describe("an owner is refused: nobody could list or end the owner's sessions", () => {
  const owned: FetchHandler<SessionData> = (session) => {
    session.set("user", "ada");
    session.owner = "ada";
    return new Response("in");
  };

  test("as the response begins, in a new session and in one that is there", async () => {
    const reported = quiet();
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put));
    for (const cookie of [undefined, signedIn]) {
      const refused = await visit(owned, cookie);
      expect([refused.status, lineOf(refused)]).toEqual([500, undefined]);
      expect(reported.mock.lastCall?.[0]).toMatchObject({ code: "SESS_UNSUPPORTED" });
    }
    expect(await (await visit(show, signedIn)).text()).toBe("ada");
  });

  test("where a session holds nothing yet, rather than dropped", async () => {
    const { visit } = await site();
    const response = await visit(async (session) => {
      session.owner = "ada";
      const release = await codeOf(session.release());
      session.owner = undefined;
      return new Response(`${release} ${await codeOf(session.release())}`);
    });
    expect(await response.text()).toBe("SESS_UNSUPPORTED accepted");
    expect(lineOf(response)).toBe(undefined);
  });

  test("by update and by regenerate, which changes no id then; without the owner both go on", async () => {
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put));
    const response = await visit(async (session) => {
      const { id } = session;
      session.owner = "ada";
      const update = await codeOf(session.update("n", () => 1));
      const regenerate = await codeOf(session.regenerate());
      const same = session.id === id;
      session.owner = undefined;
      await session.regenerate();
      return new Response(`${update} ${regenerate} ${same} ${session.id === id}`);
    }, signedIn);
    expect(await response.text()).toBe("SESS_UNSUPPORTED SESS_UNSUPPORTED true false");
    expect(await (await visit(show, cookieOf(response))).text()).toBe("ada");
  });
});

describe("use prolongs", () => {
  test("touch() and release() have the token sealed again, and disposal leaves that to the response", async () => {
    for (const use of ["touch", "release"] as const) {
      const { visit, wait } = await site({ maxLifetime: 10 });
      const first = cookieOf(await visit(put));
      wait(5000);
      const renewed = await visit(async (session) => {
        await session[use]();
        throw new Response("thrown");
      }, first);
      wait(8000);
      expect(await (await visit(show, cookieOf(renewed))).text()).toBe("ada");
      expect(await (await visit(show, first)).text()).toBe("undefined");
    }
  });

  test("touch() says so when the head has gone; release() has nothing to store and does nothing", async () => {
    const { manager, visit, wait } = await site({ maxLifetime: 10 });
    const cookie = cookieOf(await visit(put)) ?? "";
    const exchange = manager.begin(new Request("http://host/", { headers: { cookie } }));
    const session = await exchange.session();
    await exchange.respond(new Response("ok"));
    wait(5000);
    expect([await codeOf(session.release()), await codeOf(session.touch())]).toEqual(["accepted", "SESS_HEADERS_SENT"]);
  });
});

describe("a lifetime of its own", () => {
  const remember: FetchHandler<SessionData> = (session) => {
    session.lifetime = 1000;
    return put(session, new Request("http://host/"));
  };

  test("from creation: in the token, in Max-Age, and again whenever the token is sealed again", async () => {
    const { visit, wait } = await site({ maxLifetime: 10 });
    const first = await visit(remember);
    expect(maxAgeOf(first)).toBe(longest);
    wait(99_999);
    expect(lineOf(await visit(show, cookieOf(first)))).toBe(undefined);
    wait(1);
    const renewed = await visit(show, cookieOf(first));
    expect([await renewed.text(), maxAgeOf(renewed)]).toEqual(["ada", longest]);
    const changed = await visit(put, cookieOf(renewed));
    expect(maxAgeOf(changed)).toBe(longest);
    wait(999_999);
    expect(await (await visit(show, cookieOf(changed))).text()).toBe("ada");
    wait(1);
    expect(await (await visit(show, cookieOf(changed))).text()).toBe("undefined");
  });

  test("with a new id, and not before: on a session that is there a change alone leaves it as it was", async () => {
    const { visit, wait } = await site({ maxLifetime: 10 });
    const first = cookieOf(await visit(put));
    const changed = await visit(remember, first);
    expect(maxAgeOf(changed)).toBe(undefined);
    const regenerated = await visit(async (session) => {
      session.lifetime = 1000;
      await session.regenerate();
      return new Response();
    }, cookieOf(changed));
    expect(maxAgeOf(regenerated)).toBe(longest);
    wait(10_000);
    expect(await (await visit(show, cookieOf(changed))).text()).toBe("undefined");
    expect(await (await visit(show, cookieOf(regenerated))).text()).toBe("ada");
  });

  test("never past the absolute end", async () => {
    const { visit, wait } = await site({ maxLifetime: 10, absoluteLifetime: 500 });
    const first = cookieOf(await visit(remember));
    wait(499_999);
    expect(await (await visit(show, first)).text()).toBe("ada");
    wait(1);
    expect(await (await visit(show, first)).text()).toBe("undefined");
  });
});

describe("two tokens of one session", () => {
  test("both end with the session: the one sealed later counts, whichever comes first", async () => {
    const { visit, wait } = await site({ maxLifetime: 100, absoluteLifetime: 50 });
    const old = cookieOf(await visit(put)) ?? "";
    wait(1000);
    const grace: FetchHandler<SessionData> = (session) => {
      session.set("user", "grace");
      return new Response();
    };
    const newer = cookieOf(await visit(grace, old)) ?? "";
    for (const both of [`${old}; ${newer}`, `${newer}; ${old}`]) {
      expect(await (await visit(show, both)).text()).toBe("grace");
    }
  });
});

describe("the Fetch edge", () => {
  test("a visitor without a session gets no cookie, one that only reads no new one", async () => {
    const { visit } = await site();
    const nobody = await visit(show);
    expect([await nobody.text(), lineOf(nobody), nobody.headers.get("vary")]).toEqual([
      "undefined",
      undefined,
      "Cookie",
    ]);
    expect(lineOf(await visit(show, cookieOf(await visit(put))))).toBe(undefined);
  });

  test("destroy clears the cookie, on an immutable response and on one that is thrown", async () => {
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put));
    for (const answer of [(to: Response) => to, (to: Response) => Promise.reject(to)]) {
      const out = await visit(async (session) => {
        await session.destroy();
        return answer(Response.redirect("http://host/", 303));
      }, signedIn);
      expect([out.status, out.headers.get("location")]).toEqual([303, "http://host/"]);
      expect(lineOf(out)).toMatch(/^sessionid=; Path=\/; Max-Age=0; /);
      expect(out.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("what does not fit is a 500 without anything of the handler's answer", async () => {
    const reported = quiet();
    const { visit } = await site();
    const failed = await visit((session) => {
      session.set("big", "x".repeat(5000));
      return new Response("saved", { headers: { "X-App": "1" } });
    });
    expect([failed.status, lineOf(failed), failed.headers.get("x-app")]).toEqual([500, undefined, null]);
    expect(reported.mock.lastCall?.[0]).toMatchObject({ code: "SESS_TOO_LARGE" });
  });

  test("a change that is acknowledged beside the sealing of a prolonged token is in the token that goes out", async () => {
    const { visit, wait } = await site();
    for (let delay = 0; delay < 15; delay++) {
      const signedIn = cookieOf(await visit(put));
      wait(1_000_000);
      let acknowledged = false;
      const response = await visit((session) => {
        const later = async () => {
          for (let tick = 0; tick < delay; tick++) await Promise.resolve();
          await session.update("user", () => "bob");
          acknowledged = true;
        };
        later().catch(() => {});
        return new Response("x");
      }, signedIn);
      const user = await (await visit(show, cookieOf(response))).text();
      expect(user, `after ${delay}`).toBe(acknowledged ? "bob" : "ada");
    }
  });

  test("a handler that throws: what was acknowledged goes out with the error, the rest is discarded", async () => {
    quiet();
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put));
    const failed = await visit(async (session) => {
      await session.update("user", (user) => `${user} lovelace`);
      session.set("user", "eve");
      throw new Error("broken");
    }, signedIn);
    expect(failed.status).toBe(500);
    expect(await (await visit(show, cookieOf(failed))).text()).toBe("ada lovelace");
  });
});
