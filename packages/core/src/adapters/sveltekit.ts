/** Sessions for SvelteKit 3 and 2. */
import { AsyncLocalStorage } from "node:async_hooks";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import { presentsSame } from "../http/credentials.js";
import { FetchRequest } from "../http/request-view.js";
import { signalIn } from "../http/thrown.js";
import type { Manager } from "../manager/manager.js";
import type { ManagerInternals } from "../session-object/internals.js";
import { LazyExchange } from "./lazy-exchange.js";
import { type ManagerSource, managerOf } from "./manager-source.js";
import { parseSetCookie } from "./set-cookie.js";

export type { ManagerSource } from "./manager-source.js";

/** The parts of an event of SvelteKit that the hook uses. */
export interface SvelteKitEvent {
  readonly request: Request;
  readonly locals: object;
  /** Whether it is a call within the server: `fetch` of a `load` function. */
  readonly isSubRequest: boolean;
  readonly cookies: { set(name: string, value: string, options: object): void };
}

/** A `handle` of SvelteKit, described by its shape. */
export type SvelteKitHandle = <E extends SvelteKitEvent>(input: {
  readonly event: E;
  resolve(event: E): Response | Promise<Response>;
}) => Promise<Response>;

/** The constant of `$app/env`; of `$app/environment` in SvelteKit 2. */
export interface SvelteKitBuild {
  readonly building: boolean;
}

/**
 * A `handle` that gives each event `event.locals.session()`.
 *
 * ```ts
 * // src/hooks.server.ts
 * import { building } from "$app/env";
 *
 * export const handle = sessionHandle(() => createManager<Fields>("redis", { global: "shop" }), { building });
 * // src/app.d.ts, in App.Locals
 * session(): Promise<SessionStore<Fields>>;
 * ```
 *
 * The session is stored before anything of the response leaves, whatever its status, unless that is 5xx: also where
 * `redirect()` or `error()` was thrown, by a page or by a later hook of `sequence()`. If the save fails, the response is
 * an error. A call within the server that presents the session of its page, or none if the page presented none, has the
 * session of that page, whose response stores it.
 *
 * `session()` rejects as `Manager.start` does, with `SESS_CONFIG` if `trustProxy` is a function, and, for a page that is
 * rendered while building, with `SESS_CONFIG`, which ends the build: such a page is for everybody.
 */
export function sessionHandle<D extends object>(
  sessions: ManagerSource<D>,
  { building }: SvelteKitBuild,
): SvelteKitHandle {
  const manager = managerOf(sessions);
  const pages = new AsyncLocalStorage<Page>();
  return async ({ event, resolve }) => {
    const { request } = event;
    const exchange = new LazyExchange(manager, request);
    const page = event.isSubRequest ? pages.getStore() : undefined;
    const find = async () => {
      const shares = page !== undefined && isFrom(page.request, request, await manager());
      return shares ? page.session() : exchange.session();
    };
    const session = building ? refuse : find;
    Object.assign(event.locals, { session });
    try {
      return await exchange.respond(await pages.run({ request, session }, async () => resolve(event)));
    } catch (error) {
      const status = signalIn(error)?.status ?? 500;
      // With a body it is not copied, so another response is the one of a failed save. A status such as 304 has none.
      const stored = new Response("stored", { status: status < 500 ? 200 : 500 });
      const answer = await exchange.respond(stored);
      if (answer !== stored) return answer;
      carry(answer.headers.getSetCookie(), event, status);
      throw error;
    }
  };
}

/** A request whose calls within the server may have its session. */
interface Page {
  readonly request: Request;
  readonly session: () => Promise<unknown>;
}

/** SvelteKit writes the Cookie header of a call anew, with the cookies that the page has set: only ours are compared. */
function isFrom<D extends object>(page: Request, call: Request, manager: Manager<D>): boolean {
  const { settings } = manager as unknown as ManagerInternals;
  return presentsSame(new FetchRequest(call), new FetchRequest(page), settings);
}

async function refuse(): Promise<never> {
  const reason = "a page that is rendered while building is for everybody";
  throw new SessionError("SESS_CONFIG", `${reason}: without prerender it can have a session`);
}

/** What a hook throws, SvelteKit answers: with the cookies that were set through it, if that is a redirect. */
function carry(lines: readonly string[], { cookies }: SvelteKitEvent, status: number): void {
  try {
    for (const line of lines) {
      if (status >= 400) throw new Error("SvelteKit sends no cookie with an error that a hook throws");
      const { name, value, options } = parseSetCookie(line);
      cookies.set(name, value, { httpOnly: false, secure: false, ...options, encode: String });
    }
  } catch (error) {
    report(error);
  }
}
