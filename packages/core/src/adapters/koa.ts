/** Sessions for Koa 3. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager } from "../manager/manager.js";
import type { SessionStore } from "../session/session-store.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// Where the types of Koa are not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "koa" {
  interface DefaultContext extends SessionGetter {}
}

/** What the middleware needs of a context of Koa. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly status: number;
}

/** A middleware of Koa, by its shape. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * A middleware that gives each request `ctx.session()`.
 *
 * ```ts
 * app.use(session(sessions));
 * app.use(async (ctx) => {
 *   const session = await ctx.session();
 *   ctx.body = `hello ${session.get("user")}`;
 * });
 * ```
 *
 * What `session()` rejects with is thrown by the handler that asked, and a save that fails by this middleware, so both
 * come to the application's error handling. Fields are stored whatever the response's status, unless that is a 5xx.
 */
export function session<D extends object>(sessions: Manager<D>): KoaMiddleware {
  return async (context, next) => {
    const { req, res } = context;
    let asked: Promise<SessionStore<D>> | undefined;
    const getter = () => {
      asked = sessions.start(req, res);
      return asked;
    };
    Object.assign(context, { session: getter });
    await next();
    // With a response that has begun by itself the session has been stored, or could not be and says so itself.
    if (asked === undefined || res.headersSent || context.status >= 500) return;
    const session = await asked.catch(() => undefined);
    await session?.release();
  };
}
