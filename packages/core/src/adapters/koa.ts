/** Sessions for Koa 3. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../http/head.js";
import type { Manager, NodeExchange } from "../manager/manager.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// Where the types of Koa are not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "koa" {
  interface DefaultContext extends SessionGetter {}
}

/** The parts of a Koa context that the middleware uses. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly status: number;
  /** `false` if the application writes the response itself. */
  readonly respond?: boolean;
  set(name: string, value: string): unknown;
  append(name: string, value: string): unknown;
}

/** A middleware of Koa, described by its shape. */
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
    // A response that has begun by itself is held, and reports by itself if storing fails.
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
