/** Sessions for Koa 3. */
import type { Manager, NodeExchange } from "../manager/manager.js";
import { type KoaMiddleware, respond } from "./koa-response.js";
import type { SessionGetter } from "./session-getter.js";

export type { KoaContext, KoaMiddleware } from "./koa-response.js";
export type { SessionGetter } from "./session-getter.js";

// Where the types of Koa are not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "koa" {
  interface DefaultContext extends SessionGetter {}
}

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
 * If `session()` rejects, the handler throws the error; if a save fails, this middleware throws. Both errors go to the
 * application's error handling. The response stores the fields, whatever its status, unless that is 5xx. A response
 * that bypasses Koa (`ctx.respond = false`, `ctx.res`) is held until the session is stored, as with `start`.
 */
export function session<D extends object>(sessions: Manager<D>): KoaMiddleware {
  return async (context, next) => {
    let exchange: NodeExchange<D> | undefined;
    const getter = () => {
      exchange ??= sessions.begin(context.req, context.res);
      return exchange.session();
    };
    Object.assign(context, { session: getter });
    await next();
    if (exchange !== undefined) await respond(exchange, context);
  };
}
