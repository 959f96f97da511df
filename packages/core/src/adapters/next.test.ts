import { expect, expectTypeOf, test, vi } from "vitest";
import { codeOf, Stage } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import { SessionError } from "../errors.js";
import type { SessionData } from "../session/session-store.js";
import { type NextCookieOptions, nextSessions, type ReadonlySession } from "./next.js";

// With a stand-in for `next/headers`. `npm run check:frameworks` runs the real one.

/** A request as Next gives it to pages, actions and route handlers. */
class FakeRequest {
  readonly #headers: Headers;
  readonly #jar = new Map<string, string>();
  readonly set = new Map<string, { value: string; options: NextCookieOptions }>();

  constructor(headers: Record<string, string> = {}) {
    this.#headers = new Headers({ host: "shop.example", "x-forwarded-proto": "http", ...headers });
    for (const pair of (headers.cookie ?? "").split("; ").filter(Boolean)) {
      const equals = pair.indexOf("=");
      this.#jar.set(pair.slice(0, equals), decodeURIComponent(pair.slice(equals + 1)));
    }
  }

  headers = async () => this.#headers;

  connection = async () => {};

  cookies = async () => ({
    getAll: () => [...this.#jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string, options: NextCookieOptions) => {
      this.#jar.set(name, value);
      this.set.set(name, { value, options });
    },
  });

  /** The Cookie header of a browser that had `cookie` and got what was set. */
  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}

async function site(config?: ManagerConfig) {
  const stage = new Stage();
  const manager = await stage.manager(config);
  let request = new FakeRequest();
  const sessions = nextSessions(manager, {
    cookies: () => request.cookies(),
    headers: () => request.headers(),
    connection: () => request.connection(),
  });
  const begin = (headers?: Record<string, string>) => {
    request = new FakeRequest(headers);
    return request;
  };
  const signIn = async () => {
    const present = begin();
    await sessions.changeSession((session) => session.set("user", "ada"));
    return present.cookie;
  };
  return { stage, manager, sessions, begin, signIn };
}

/** As Next throws it. */
function redirect(path: string): never {
  throw Object.assign(new Error("NEXT_REDIRECT"), { digest: `NEXT_REDIRECT;push;${path};307;` });
}

test("an action signs in, a page reads", async () => {
  const { stage, sessions, begin } = await site();
  const action = begin();
  expect(await sessions.changeSession((session) => session.set("user", "ada"))).toBe(undefined);
  const { value, options } = action.set.get("sessionid") ?? {};
  expect(value).toMatch(/^[\w-]{43}$/);
  expect(options).toEqual({ path: "/", httpOnly: true, sameSite: "lax" });
  begin({ cookie: action.cookie });
  expect((await sessions.getSession()).get("user")).toBe("ada");
  expect(stage.calls).toEqual(["create", "read"]);
});

test("a page that asks several times reads once; the next request reads again", async () => {
  const { stage, sessions, begin, signIn } = await site();
  const cookie = await signIn();
  stage.calls.length = 0;
  begin({ cookie });
  const [first, second] = await Promise.all([sessions.getSession(), sessions.getSession()]);
  expect([first.get("user"), second.get("user"), first.isNew]).toEqual(["ada", "ada", false]);
  expect(stage.calls).toEqual(["read"]);
  begin({ cookie });
  await sessions.getSession();
  expect(stage.calls).toEqual(["read", "read"]);
});

test("reading counts as use, at most once in a tenth of the lifetime", async () => {
  let now = Date.now();
  const { stage, sessions, begin, signIn } = await site({ maxLifetime: 1000, now: () => now });
  const cookie = await signIn();
  stage.calls.length = 0;
  for (let i = 0; i < 10; i++) {
    now += 150_000;
    begin({ cookie });
    expect((await sessions.getSession()).get("user")).toBe("ada");
  }
  expect(stage.calls.filter((call) => call === "touch")).toHaveLength(10);
});

test("what is read cannot be changed, by its type and at run time", async () => {
  const { sessions, begin, signIn } = await site();
  begin({ cookie: await signIn() });
  const session = await sessions.getSession();
  expectTypeOf(session).toEqualTypeOf<ReadonlySession<SessionData>>();
  expect("set" in session || "update" in session || "destroy" in session).toBe(false);
  expect(Object.isFrozen(session)).toBe(true);
});

test("a page waits for connection() before anything of it reads the clock, as Next's Cache Components demand", async () => {
  const clock = vi.fn(() => 1e12);
  const stage = new Stage();
  const manager = await stage.manager({ now: clock });
  clock.mockClear();
  const request = new FakeRequest({ cookie: "sessionid=" });
  let connect = () => {};
  const connected = new Promise<void>((resolve) => {
    connect = resolve;
  });
  const { getSession } = nextSessions(manager, {
    cookies: request.cookies,
    headers: request.headers,
    connection: () => connected,
  });
  const page = getSession();
  await new Promise(setImmediate);
  expect(clock).not.toHaveBeenCalled();
  connect();
  expect((await page).isNew).toBe(true);
});

test("a page lists the owner's sessions, and knows its own", async () => {
  const { manager, sessions, begin } = await site();
  const cookies: string[] = [];
  for (const device of ["phone", "laptop"]) {
    const action = begin();
    await sessions.changeSession(async (session) => {
      session.set("device", device);
      session.owner = "ada";
      await session.regenerate();
    });
    cookies.push(action.cookie);
  }
  begin({ cookie: cookies[0] ?? "" });
  const owned = await manager.listOwned("ada", { current: await sessions.getSession() });
  expect(owned.map((each) => [each.get("device"), each.current])).toEqual(
    expect.arrayContaining([
      ["phone", true],
      ["laptop", false],
    ]),
  );
});

test("redirect() is thrown on, after storing and with the cookie", async () => {
  const { stage, sessions, begin } = await site();
  const action = begin();
  const create = stage.hold("create");
  const acting = sessions.changeSession(async (session) => {
    session.set("user", "ada");
    redirect("/in");
  });
  await create.reached;
  expect(action.set.size).toBe(0);
  await create.proceed();
  await expect(acting).rejects.toMatchObject({ digest: "NEXT_REDIRECT;push;/in;307;" });
  begin({ cookie: action.cookie });
  expect((await sessions.getSession()).get("user")).toBe("ada");
});

test("any other error is thrown on, and what was not stored is discarded; a new id goes out all the same", async () => {
  const { sessions, begin, signIn } = await site();
  const action = begin({ cookie: await signIn() });
  const broken = new Error("broken");
  const acting = sessions.changeSession(async (session) => {
    await session.regenerate();
    session.set("user", "eve");
    throw broken;
  });
  await expect(acting).rejects.toBe(broken);
  expect(action.set.size).toBe(1);
  begin({ cookie: action.cookie });
  expect((await sessions.getSession()).get("user")).toBe("ada");
});

test("a failed save rejects, without a cookie; so does a store that is down at read", async () => {
  const { stage, sessions, begin, signIn } = await site();
  const cookie = await signIn();
  const action = begin();
  for (const end of [() => {}, () => redirect("/")]) {
    stage.down = false;
    const acting = sessions.changeSession((session) => {
      session.set("user", "ada");
      stage.down = true;
      end();
    });
    expect(await codeOf(acting)).toBe("SESS_UNAVAILABLE");
  }
  expect(action.set.size).toBe(0);
  begin({ cookie });
  expect(await codeOf(sessions.getSession())).toBe("SESS_UNAVAILABLE");
  expect(await codeOf(sessions.changeSession(() => {}))).toBe("SESS_UNAVAILABLE");
  stage.down = false;
  expect((await sessions.getSession()).get("user")).toBe("ada");
});

test("what an action changed is seen by the page and the action after it in the same request", async () => {
  const { manager, sessions, begin, signIn } = await site();
  const action = begin({ cookie: `theme=dark; ${await signIn()}` });
  expect((await sessions.getSession()).get("user")).toBe("ada");
  await sessions.changeSession(async (session) => {
    await session.regenerate();
    session.set("user", "bob");
  });
  expect((await sessions.getSession()).get("user")).toBe("bob");
  await sessions.changeSession((session) => session.set("cart", ["bread"]));
  expect((await sessions.getSession()).get("cart")).toEqual(["bread"]);
  expect(await manager.count()).toBe(1);
  await sessions.changeSession((session) => session.destroy());
  expect(action.set.get("sessionid")).toMatchObject({ value: "", options: { maxAge: 0 } });
  expect((await sessions.getSession()).get("user")).toBe(undefined);
});

test("several live sessions of our name: none counts, as everywhere", async () => {
  const { sessions, begin, signIn } = await site();
  const [one, other] = [await signIn(), await signIn()];
  begin({ cookie: `${one}; ${other}` });
  expect((await sessions.getSession()).get("user")).toBe(undefined);
});

test("Secure by X-Forwarded-Proto of a declared proxy alone", async () => {
  const set = async (config: ManagerConfig, proto: string) => {
    const { sessions, begin } = await site(config);
    const action = begin({ "x-forwarded-proto": proto });
    await sessions.changeSession((session) => session.set("n", 1));
    return action.set.get("sessionid")?.options.secure ?? false;
  };
  expect(await set({}, "https")).toBe(false);
  expect(await set({ trustProxy: 1 }, "https")).toBe(true);
  expect(await set({ trustProxy: 1 }, "http")).toBe(false);
  expect(await set({ secure: true }, "http")).toBe(true);
  expect(await codeOf(set({ trustProxy: () => true }, "https"))).toBe("SESS_CONFIG");
});

test("attributes reach cookies().set; a value that Next would change is refused", async () => {
  const config: ManagerConfig = { cookieLifetime: 86_400, domain: "shop.example", path: "/a=b", sameSite: "strict" };
  const { sessions, begin } = await site({
    ...config,
    partitioned: true,
    httpOnly: false,
    absoluteLifetime: 60,
    now: () => 1e12,
  });
  const action = begin();
  await sessions.changeSession((session) => session.set("n", 1));
  expect(action.set.get("sessionid")?.options).toEqual({
    path: "/a=b",
    domain: "shop.example",
    maxAge: 60,
    secure: true,
    sameSite: "strict",
    partitioned: true,
  });
  const other = await site({ sessionIdPrefix: "shop:" });
  expect(await codeOf(other.sessions.changeSession((session) => session.set("n", 1)))).toBe("SESS_CONFIG");
});

test("where Next renders for everybody, headers() stops it before the Manager is opened", async () => {
  let opened = 0;
  const stop = new Error("dynamic");
  const open = () => {
    opened += 1;
    return new Stage().manager();
  };
  const stopped = () => Promise.reject(stop);
  const sessions = nextSessions(open, { cookies: stopped, headers: stopped, connection: async () => {} });
  await expect(sessions.getSession()).rejects.toBe(stop);
  await expect(sessions.changeSession(() => {})).rejects.toBe(stop);
  expect(opened).toBe(0);
});

test("a Manager that could not be made is made by the next request", async () => {
  let opened = 0;
  const request = new FakeRequest();
  const open = async () => {
    opened += 1;
    if (opened === 1) throw new SessionError("SESS_UNAVAILABLE", "no store yet");
    return new Stage().manager();
  };
  const sessions = nextSessions(open, request);
  expect(await codeOf(sessions.getSession())).toBe("SESS_UNAVAILABLE");
  await Promise.all([sessions.getSession(), sessions.getSession()]);
  expect(opened).toBe(2);
});

/** The request that Next renders after the proxy, by the headers of its answer; their names are Next's. */
function rendered(request: Request, answer: Response): Headers {
  const names = answer.headers.get("x-middleware-override-headers");
  if (names === null) return request.headers;
  return new Headers(
    names.split(",").map((name): [string, string] => [name, answer.headers.get(`x-middleware-request-${name}`) ?? ""]),
  );
}

test("proxy: the page sees the new cookie, beside everything else of the request", async () => {
  const { sessions, begin } = await site();
  const request = new Request("https://shop.example/", { headers: { cookie: "theme=dark", accept: "text/html" } });
  const answer = await sessions.handleProxy(request, (session) => {
    session.set("user", "ada");
    return undefined;
  });
  expect(answer.headers.get("x-middleware-next")).toBe("1");
  expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^sessionid=.*; HttpOnly; SameSite=Lax$/)]);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const seen = rendered(request, answer);
  expect(seen.get("accept")).toBe("text/html");
  expect(seen.get("cookie")).toMatch(/^theme=dark; sessionid=./);
  begin(Object.fromEntries(seen));
  expect((await sessions.getSession()).get("user")).toBe("ada");
});

test("proxy: what the application passes to the page itself is kept; without a new cookie nothing is added", async () => {
  const { sessions, signIn } = await site();
  const request = new Request("http://shop.example/", { headers: { cookie: await signIn() } });
  const nonce = () =>
    new Response(null, {
      headers: {
        "x-middleware-next": "1",
        "x-middleware-override-headers": "x-nonce, cookie",
        "x-middleware-request-x-nonce": "1",
        "x-middleware-request-cookie": request.headers.get("cookie") ?? "",
      },
    });
  const plain = await sessions.handleProxy(request, nonce);
  expect(plain.headers.get("x-middleware-override-headers")).toBe("x-nonce, cookie");
  const bare = await sessions.handleProxy(request);
  expect(bare.headers.has("x-middleware-override-headers")).toBe(false);
  expect(bare.headers.get("cache-control")).toBe("private, no-store");
  const moved = await sessions.handleProxy(request, async (session) => {
    await session.regenerate();
    return nonce();
  });
  const seen = rendered(request, moved);
  expect([...seen.keys()]).toEqual(["cookie", "x-nonce"]);
  expect(seen.get("cookie")).toBe(moved.headers.getSetCookie()[0]?.split(";")[0]);
});

test("proxy: a redirect is an answer, a sign-out leaves the page without our cookie, a store that is down is a 503", async () => {
  const { stage, sessions, signIn } = await site();
  const request = new Request("http://shop.example/", { headers: { cookie: `${await signIn()}; theme=dark` } });
  const away = await sessions.handleProxy(request, () => Response.redirect("http://shop.example/in", 303));
  expect([away.status, away.headers.get("location")]).toEqual([303, "http://shop.example/in"]);
  const out = await sessions.handleProxy(request, async (session) => {
    await session.destroy();
    return new Response(null, { headers: { "x-middleware-rewrite": "http://shop.example/out" } });
  });
  expect(rendered(request, out).get("cookie")).toBe("theme=dark");
  stage.down = true;
  expect((await sessions.handleProxy(request)).status).toBe(503);
});
