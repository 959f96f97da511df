/** Sessions for the App Router of Next 16. */
import { SessionError } from "../errors.js";
import { statusOf } from "../http/failure.js";
import { signalIn } from "../http/thrown.js";
import type { Exchange, Manager } from "../manager/manager.js";
import type { SessionStore } from "../session/session-store.js";
import { type ManagerSource, managerOf } from "./manager-source.js";
import { withCookie, withCookiesOf } from "./request-cookies.js";
import { type NextCookieOptions, parseSetCookie } from "./set-cookie.js";

export type { ManagerSource } from "./manager-source.js";
export type { NextCookieOptions } from "./set-cookie.js";

/** The parts of what Next's `cookies()` gives that are used here. */
export interface NextCookies {
  getAll(): readonly { readonly name: string; readonly value: string }[];
  set(name: string, value: string, options: NextCookieOptions): unknown;
}

/** `cookies` and `headers` of `next/headers`, and `connection` of `next/server`. */
export interface NextFunctions {
  cookies(): Promise<NextCookies>;
  headers(): Promise<{
    get(name: string): string | null;
    forEach(callback: (value: string, name: string) => void): void;
  }>;
  /** Where Next prerenders, nothing behind it runs: with Cache Components, neither the clock nor a random value may. */
  connection(): Promise<void>;
}

/** What a page can read. Changes inside an object that `get` returns are not stored. */
export type ReadonlySession<D extends object> = Pick<
  SessionStore<D>,
  "id" | "get" | "has" | "keys" | "isNew" | "created" | "expiresAt" | "lifetime"
>;

/** The sessions of an application of Next. The functions do not use `this`. */
export interface NextSessions<D extends object> {
  /**
   * The request's session, to be read, in a server component and everywhere else. It makes the page dynamic: it is not
   * rendered while building, nor cached. Counts as use, except with `@sess/cookie`: there the new end would need a
   * cookie, and {@link handleProxy} sends that. Rejects as `Manager.start` does.
   */
  getSession(): Promise<ReadonlySession<D>>;

  /**
   * Calls `change` with the request's session in a server action or a route handler, stores it, and sets its cookie;
   * resolves to what `change` resolves to. Pages that the same request renders afterwards see what was changed.
   *
   * If `change` throws `redirect()` or `notFound()`, the session is stored before that is thrown on. Any other error
   * discards what was not stored. Rejects with a `SessionError` if storing fails; then no cookie is set for it.
   */
  changeSession<R>(change: (session: SessionStore<D>) => R | Promise<R>): Promise<R>;

  /**
   * The whole of `proxy.ts`: calls `respond` with the request's session and stores the session. Where `respond` answers
   * nothing, or with `NextResponse.next()` or `rewrite()`, the page that is rendered then sees the new cookie, and is not
   * cached: match only the paths that need it.
   *
   * Prolongs the session, with `@sess/cookie` too. An error is answered as by `Manager.handle`.
   */
  handleProxy<R extends Request>(
    request: R,
    respond?: (session: SessionStore<D>, request: R) => ProxyAnswer | Promise<ProxyAnswer>,
  ): Promise<Response>;
}

/** `undefined` lets the request go on. */
export type ProxyAnswer = Response | undefined;

/**
 * The sessions of an application of Next.
 *
 * ```ts
 * // lib/session.ts
 * import { cookies, headers } from "next/headers";
 * import { connection } from "next/server";
 *
 * export const open = () => createManager<Fields>("redis", { global: "shop", trustProxy: 1 });
 * export const { getSession, changeSession, handleProxy } = nextSessions(open, { cookies, headers, connection });
 * ```
 *
 * Whether the cookie is Secure is decided by the Manager's options: Next does not tell whether a request came over TLS,
 * so set `trustProxy` to the number of proxies, or `secure`. A `trustProxy` function is refused with `SESS_CONFIG`,
 * since Next does not tell the peer's address. `sidInUrlQuery` works in {@link NextSessions.handleProxy} alone.
 */
export function nextSessions<D extends object>(sessions: ManagerSource<D>, next: NextFunctions): NextSessions<D> {
  const manager = managerOf(sessions);
  const requests = new Requests(manager, next);
  return {
    getSession: () => requests.read(),
    changeSession: (change) => requests.change(change),
    handleProxy: async (request, respond) => {
      let own: readonly string[] = [];
      const answer = await (await manager()).handle(
        request,
        async (session) => {
          const response = (await respond?.(session, request)) ?? goOn();
          own = response.headers.getSetCookie();
          return response;
        },
        // Next makes the URL of headers that anybody can send.
        { secure: false },
      );
      const ours = answer.headers.getSetCookie().filter((line) => !own.includes(line));
      if (goesOn(answer)) passOn(answer.headers, request, ours);
      return answer;
    },
  };
}

/** The requests that Next renders or hands to an action. */
class Requests<D extends object> {
  readonly #manager: () => Promise<Manager<D>>;
  readonly #next: NextFunctions;
  /** By what `headers()` gives, which is one object in a request: its session is loaded once. */
  readonly #read = new WeakMap<object, { readonly cookie: string; readonly exchange: Exchange<D> }>();

  constructor(manager: () => Promise<Manager<D>>, next: NextFunctions) {
    this.#manager = manager;
    this.#next = next;
  }

  async read(): Promise<ReadonlySession<D>> {
    const session = await (await this.#exchangeToRead()).session();
    await session.touch();
    return readonly(session);
  }

  async change<R>(change: (session: SessionStore<D>) => R | Promise<R>): Promise<R> {
    const request = await this.#request();
    const jar = await this.#next.cookies();
    const failures: unknown[] = [];
    const onError = (error: unknown) => {
      failures.push(error);
      // It goes nowhere: whoever called gets the error itself.
      return new Response(null, { status: statusOf(error) });
    };
    const exchange = (await this.#manager()).begin(request, { secure: false, onError });
    const [outcome] = await Promise.allSettled([(async () => change(await exchange.session()))()]);
    const answer = await answerOf(exchange, outcome);
    // A page of this request reads what was stored now.
    this.#read.delete(await this.#next.headers());
    for (const line of answer.headers.getSetCookie()) setIn(jar, line);
    if (failures.length > 0) throw failures[0];
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  }

  async #exchangeToRead(): Promise<Exchange<D>> {
    const headers = await this.#next.headers();
    const request = await this.#request();
    const cookie = request.headers.get("cookie") ?? "";
    await this.#next.connection();
    const manager = await this.#manager();
    const known = this.#read.get(headers);
    if (known?.cookie === cookie) return known.exchange;
    const exchange = manager.begin(request, { secure: false });
    this.#read.set(headers, { cookie, exchange });
    return exchange;
  }

  /**
   * The present request. Both functions are called before anything else: where Next renders for everybody, they stop the
   * rendering, and no session is read.
   */
  async #request(): Promise<Request> {
    const sent = await this.#next.headers();
    const jar = await this.#next.cookies();
    const headers = new Headers();
    sent.forEach((value, name) => {
      headers.append(name, value);
    });
    headers.set("cookie", withCookiesOf(sent.get("cookie") ?? "", jar.getAll()));
    const url = `http://${sent.get("host") ?? ""}/`;
    return new Request(URL.canParse(url) ? url : "http://unknown.invalid/", { headers });
  }
}

function answerOf<D extends object>(exchange: Exchange<D>, outcome: PromiseSettledResult<unknown>): Promise<Response> {
  if (outcome.status === "fulfilled") return exchange.respond(new Response());
  const signal = signalIn(outcome.reason);
  if (signal === undefined) return exchange.fail(outcome.reason);
  return exchange.respond(new Response(null, { status: signal.status }));
}

/** Throws `SESS_CONFIG` for a value that Next, which percent-encodes values, would not send as it is. */
function setIn(jar: NextCookies, line: string): void {
  const { name, value, options } = parseSetCookie(line);
  if (encodeURIComponent(value) !== value) {
    const allowed = "letters, digits and -_.!~*'()";
    throw new SessionError("SESS_CONFIG", `Next encodes what a cookie holds: sessionIdPrefix may have only ${allowed}`);
  }
  jar.set(name, value, options);
}

function readonly<D extends object>(session: SessionStore<D>): ReadonlySession<D> {
  const { id, isNew, created, expiresAt, lifetime } = session;
  return Object.freeze({
    id,
    isNew,
    created,
    expiresAt,
    lifetime,
    get: session.get.bind(session),
    has: session.has.bind(session),
    keys: session.keys.bind(session),
  });
}

function goesOn({ headers }: Response): boolean {
  return headers.has("x-middleware-next") || headers.has("x-middleware-rewrite");
}

/** As `NextResponse.next()`. */
function goOn(): Response {
  return new Response(null, { headers: { "x-middleware-next": "1" } });
}

/**
 * Has the page see the cookies that were set, in the way of `NextResponse.next({ request: { headers } })`: all headers
 * of the request that it is to have, each in a header of the answer. Next removes them before the answer leaves.
 *
 * Next drops our `Vary`, so that a page rendered while building would be cached for everybody, though the session decides
 * who gets it. A Cache-Control of the proxy takes the place of the page's.
 */
function passOn(answer: Headers, request: Request, lines: readonly string[]): void {
  if (!answer.has("cache-control")) answer.set("cache-control", "private, no-store");
  if (lines.length === 0) return;
  const names = answer.get("x-middleware-override-headers");
  if (names === null) {
    for (const [name, value] of request.headers) answer.set(`x-middleware-request-${name}`, value);
  }
  const overridden = new Set(names?.split(",").map((name) => name.trim()) ?? [...request.headers.keys()]);
  answer.set("x-middleware-override-headers", [...overridden.add("cookie")].join(","));
  let cookie = answer.get("x-middleware-request-cookie") ?? "";
  for (const line of lines) {
    const { name, value } = parseSetCookie(line);
    cookie = withCookie(cookie, name, value);
  }
  answer.set("x-middleware-request-cookie", cookie);
}
