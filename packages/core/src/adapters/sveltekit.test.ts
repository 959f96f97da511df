import { afterEach, expect, test, vi } from "vitest";
import { codeOf, Stage } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { SessionData, SessionStore } from "../session/session-store.js";
import { type SvelteKitEvent, sessionHandle } from "./sveltekit.js";

// With a stand-in for SvelteKit. `npm run check:frameworks` runs the real one.

interface Locals {
  session(): Promise<SessionStore<SessionData>>;
}
type Resolve = (locals: Locals, event: SvelteKitEvent) => Promise<Response>;

/** As SvelteKit throws them: no Errors. */
const redirect = { status: 303, location: "/" };
const forbidden = { status: 403, body: { message: "forbidden" } };

async function site({ building = false, config = {} as ManagerConfig } = {}) {
  const stage = new Stage();
  const open = vi.fn(() => stage.manager(config));
  const handle = sessionHandle(open, { building });
  const jar = new Map<string, { value: string; options: Record<string, unknown> }>();
  const set: SvelteKitEvent["cookies"]["set"] = (name, value, options) =>
    jar.set(name, { value, options: { ...options } });
  const ask = (resolve: Resolve, cookie?: string, event: Partial<SvelteKitEvent> = {}) => {
    const request = new Request("http://shop.example/", { headers: cookie === undefined ? {} : { cookie } });
    const locals = {} as Locals;
    const whole = { request, locals, isSubRequest: false, cookies: { set }, ...event };
    return handle({ event: whole, resolve: () => resolve(locals, whole) });
  };
  const user = async (cookie: string) => {
    const answer = await ask(async (locals) => new Response(`${(await locals.session()).get("user")}`), cookie);
    return answer.text();
  };
  const signIn = async () => {
    const answer = await ask(setUser("ada"));
    return answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  };
  return { stage, open, jar, ask, user, signIn };
}

const setUser =
  (name: string, thrown?: unknown): Resolve =>
  async (locals) => {
    (await locals.session()).set("user", name);
    if (thrown !== undefined) throw thrown;
    return new Response();
  };

const setVisits: Resolve = async (locals) => {
  (await locals.session()).set("visits", 1);
  return new Response();
};

afterEach(() => {
  vi.restoreAllMocks();
});

test("no Manager is made for a request that does not ask for its session", async () => {
  const { open, ask } = await site();
  const response = new Response("file");
  expect(await ask(async () => response)).toBe(response);
  expect(open).not.toHaveBeenCalled();
});

test("a redirect that a later hook throws is thrown on, with the cookie, when the session is stored", async () => {
  const { stage, jar, ask, user } = await site();
  await expect(ask(setUser("ada", redirect))).rejects.toBe(redirect);
  expect(stage.calls).toEqual(["create"]);
  const { value = "", options = {} } = jar.get("sessionid") ?? {};
  expect(options).toMatchObject({ path: "/", httpOnly: true, secure: false, sameSite: "lax" });
  expect((options.encode as (value: string) => string)("a=b")).toBe("a=b");
  expect(await user(`sessionid=${value}`)).toBe("ada");
});

test("a redirect whose session could not be stored is an error without a cookie", async () => {
  const { stage, jar, ask } = await site();
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const answer = await ask(async (locals) => {
    (await locals.session()).set("user", "ada");
    stage.down = true;
    throw redirect;
  });
  expect(answer.status).toBe(503);
  expect(jar.size).toBe(0);
});

test("a redirect whose session could not be stored is not thrown on if onError redirects with the same status", async () => {
  const onError = () => Response.redirect("https://shop.example/sorry", 303);
  const { stage, jar, ask } = await site({ config: { onError } });
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const answer = await ask(async (locals) => {
    (await locals.session()).set("user", "ada");
    stage.down = true;
    throw redirect;
  });
  expect(answer.headers.get("location")).toBe("https://shop.example/sorry");
  expect(jar.size).toBe(0);
});

test("an error() that a later hook throws keeps the changes; a cookie that it loses is reported", async () => {
  const { jar, ask, user, signIn } = await site();
  const cookie = await signIn();
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  await expect(ask(setUser("eve", forbidden), cookie)).rejects.toBe(forbidden);
  expect(await user(cookie)).toBe("eve");
  expect(warn).not.toHaveBeenCalled();
  await expect(ask(setUser("eve", forbidden))).rejects.toBe(forbidden);
  expect(jar.size).toBe(0);
  expect(String(warn.mock.calls[0]?.[0])).toMatch(/no cookie with an error/);
});

test("a cookie that SvelteKit does not take any more is reported", async () => {
  const { ask } = await site();
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const set = () => {
    throw new Error("after the response has been generated");
  };
  await expect(ask(setUser("ada", redirect), undefined, { cookies: { set } })).rejects.toBe(redirect);
  expect(String(warn.mock.calls[0]?.[0])).toMatch(/has been generated/);
});

test("any other error is SvelteKit's to answer, and what was changed is discarded", async () => {
  const { ask, user, signIn } = await site();
  const cookie = await signIn();
  const broken = new Error("broken");
  await expect(ask(setUser("eve", broken), cookie)).rejects.toBe(broken);
  expect(await user(cookie)).toBe("ada");
});

test("a call within the server has the session of its page if it comes with the same cookies", async () => {
  const { stage, ask } = await site();
  const inner = (cookie?: string) => ask(setUser("ada"), cookie, { isSubRequest: true });
  const page = await ask(async (locals) => {
    expect((await inner()).headers.getSetCookie()).toEqual([]);
    expect((await inner("sessionid=other")).headers.getSetCookie()).toHaveLength(1);
    return new Response(`${(await locals.session()).get("user")}`);
  });
  expect(await page.text()).toBe("ada");
  expect(page.headers.getSetCookie()).toHaveLength(1);
  expect(stage.calls.filter((call) => call === "create")).toHaveLength(2);
});

test("a call within the server that comes with new cookies besides has the session of its page", async () => {
  const { stage, ask } = await site();
  const page = await ask(async (locals) => {
    (await locals.session()).set("user", "ada");
    // SvelteKit adds the cookies that were set meanwhile, and of one that was removed the name.
    const visit = await ask(setVisits, "theme=dark; sessionid=", { isSubRequest: true });
    expect(visit.headers.getSetCookie()).toEqual([]);
    return new Response(`${(await locals.session()).get("visits")}`);
  });
  expect(await page.text()).toBe("1");
  expect(stage.calls).toEqual(["create"]);
});

test("a call within the server after regenerate() has the session of its page, not the retired one", async () => {
  const { ask, user, signIn } = await site();
  const cookie = await signIn();
  const page = await ask(async (locals) => {
    await (await locals.session()).regenerate();
    const inner = await ask(setUser("eve"), `theme=dark; ${cookie}; flash=1`, { isSubRequest: true });
    expect(inner.headers.getSetCookie()).toEqual([]);
    return new Response();
  }, `${cookie}; sessionid=twin`);
  const [line = ""] = page.headers.getSetCookie().slice(-1);
  expect(await user(line.split(";")[0] ?? "")).toBe("eve");
});

test.each([
  ["a header", { sidInHeader: true }, { headers: { "x-session-id": "other" } }, ""],
  ["the query", { sidInUrlQuery: true }, {}, "?sessionid=other"],
])(
  "a call within the server that presents another id in %s has a session of its own",
  async (_, config, init, query) => {
    const { ask } = await site({ config });
    await ask(async (locals) => {
      (await locals.session()).set("user", "ada");
      const request = new Request(`http://shop.example/${query}`, init);
      const inner = await ask(setUser("eve"), undefined, { request, isSubRequest: true });
      expect(inner.headers.getSetCookie()).toHaveLength(1);
      expect((await locals.session()).get("user")).toBe("ada");
      return new Response();
    });
  },
);

test("a call within the server without the cookie of its page has no part in that session", async () => {
  const { ask, signIn } = await site();
  await ask(
    async () => {
      await ask(
        async (locals) => {
          expect((await locals.session()).get("user")).toBeUndefined();
          return new Response();
        },
        "theme=dark",
        { isSubRequest: true },
      );
      return new Response();
    },
    await signIn(),
  );
});

test("a request of its own never has the session of another", async () => {
  const { ask } = await site();
  const page = await ask(async (locals) => {
    expect((await ask(setUser("eve"))).headers.getSetCookie()).toHaveLength(1);
    return new Response(`${(await locals.session()).get("user")}`);
  });
  expect(await page.text()).toBe("undefined");
});

test("a page that is rendered while building has no session, and no Manager is made for it", async () => {
  const { open, ask } = await site({ building: true });
  expect((await ask(async () => new Response("about us"))).status).toBe(200);
  await ask(async (locals) => {
    expect(await codeOf(locals.session())).toBe("SESS_CONFIG");
    return new Response();
  });
  expect(open).not.toHaveBeenCalled();
});
