/** Sessions for Koa 3. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager, NodeExchange, ResponseHead } from "../manager/manager.js";
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
  /** `false` where the application answers by itself. */
  readonly respond?: boolean;
  set(name: string, value: string): unknown;
  append(name: string, value: string): unknown;
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
 * come to the application's error handling. Fields are stored whatever the response's status, unless that is a 5xx. What
 * goes past Koa (`ctx.respond = false`, `ctx.res`) is held until the session is stored, as by `start`.
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
    // A response that has begun by itself is held, and says itself what it could not store.
    if (exchange === undefined || context.res.headersSent || context.respond === false) return;
    await exchange.respond(context.status, headOf(context));
  };
}

function headOf(context: KoaContext): ResponseHead {
  return {
    getHeader: (name) => context.res.getHeader(name),
    setHeader: (name, value) => void context.set(name, value),
    appendHeader: (name, value) => void context.append(name, value),
  };
}
