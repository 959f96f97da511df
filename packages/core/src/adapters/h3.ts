/** Sessions for h3: version 1 (Nuxt 4, Nitro 2) and version 2 (Nitro 3). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isSessionError } from "../errors.js";
import type { Manager, NodeExchange } from "../manager/manager.js";
import { give, has } from "./h3-event.js";
import { type H3WebApp, wrapFetch } from "./h3-fetch.js";
import { type ManagerSource, managerOf } from "./manager-source.js";
import type { SessionGetter } from "./session-getter.js";

export type { H3WebApp } from "./h3-fetch.js";
export type { ManagerSource } from "./manager-source.js";
export type { SessionGetter } from "./session-getter.js";

// Where h3 is not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "h3" {
  interface H3EventContext extends SessionGetter {}
}

/** The parts of an event of h3 version 1 that the plugin uses. */
export interface H3NodeEvent {
  readonly node: {
    /** In Nitro's calls within the server, `__unenv__` is the context that the caller passed. */
    readonly req: IncomingMessage & { readonly __unenv__?: unknown };
    readonly res: ServerResponse;
  };
  readonly context: object;
  /** Whether h3 has handed a stream over, so that it makes no error page. */
  _handled?: boolean;
}

/** The parts of an application of h3 version 1 that the plugin uses. */
export interface H3NodeApp {
  /** h3 types it by its own events, so no type of ours fits. */
  handler: (event: never) => unknown;
}

/** An application of h3, or one of Nitro, which a plugin of Nitro gets. */
export type H3PluginTarget = H3NodeApp | H3WebApp | { readonly h3App: H3NodeApp };

/**
 * A plugin that gives each event `event.context.session()`.
 *
 * ```ts
 * // server/plugins/session.ts of Nuxt 4
 * export default defineNitroPlugin(sessionPlugin(() => createManager("redis", { providerConfig })));
 * // h3 version 2
 * app.register(sessionPlugin(sessions));
 * // h3 version 1
 * sessionPlugin(sessions)(app);
 * ```
 *
 * The session is stored before anything of the response leaves, and before a call within the server resolves, such as
 * that of `useFetch` while a page is rendered. If that call was made for a request (`event.$fetch`), it has the session
 * of that request, whose response sets the cookie.
 *
 * If `session()` rejects, the handler throws the error, and h3 makes its error page; there, the error's `cause` is the
 * `SessionError`. The response stores the fields, whatever its status, unless that is 5xx. If the save fails, the
 * response is an error.
 */
export function sessionPlugin<D extends object>(sessions: ManagerSource<D>): (target: H3PluginTarget) => void {
  const manager = managerOf(sessions);
  return (target) => {
    if ("h3App" in target) wrapHandler(target.h3App, manager);
    else if ("fetch" in target) wrapFetch(target, manager);
    else wrapHandler(target, manager);
  };
}

function wrapHandler<D extends object>(app: H3NodeApp, manager: () => Promise<Manager<D>>): void {
  const inner = app.handler as (event: H3NodeEvent) => Promise<unknown>;
  const handler = async (event: H3NodeEvent): Promise<unknown> => {
    const { req, res } = event.node;
    const { cookie } = req.headers;
    if (has(req.__unenv__, cookie)) {
      give(event.context, cookie, req.__unenv__.session);
      return inner(event);
    }
    let exchange: NodeExchange<D> | undefined;
    const session = async () => {
      const opened = await manager();
      exchange ??= opened.begin(req, res);
      return exchange.session();
    };
    give(event.context, cookie, session);
    try {
      const value = await inner(event);
      if (exchange !== undefined) await left(exchange, event);
      return value;
    } catch (error) {
      // The error page comes later. What is stored for its status by now is not stored again.
      await exchange?.respond(statusIn(error), res);
      throw asCause(error);
    }
  };
  app.handler = Object.assign(handler, inner) as H3NodeApp["handler"];
}

/**
 * Resolves when the response has left. A caller within the server takes it as soon as the handler resolves: also a
 * stream, which h3 then hands over as `_data`, without `write` and `end`.
 */
async function left<D extends object>(exchange: NodeExchange<D>, event: H3NodeEvent): Promise<void> {
  const res: ServerResponse & { _data?: unknown } = event.node.res;
  if (res.writableEnded || res.headersSent || res._data === undefined) {
    const session = await exchange.session().catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
    await new Promise((resolve) => setImmediate(resolve));
    return;
  }
  try {
    await exchange.respond(res.statusCode, res);
  } catch (error) {
    res._data = undefined;
    event._handled = false;
    throw error;
  }
}

/** h3 makes an error of its own, whose cause is the cause of the thrown one: that is to be the `SessionError`. */
function asCause(error: unknown): unknown {
  if (!isSessionError(error)) return error;
  return Object.assign(new Error(error.message, { cause: error }), { statusCode: error.status });
}

/** By h3's rule. */
function statusIn(error: unknown): number {
  const { status, statusCode } = Object(error) as { readonly status?: unknown; readonly statusCode?: unknown };
  const found = Number(status ?? statusCode);
  return found >= 100 && found <= 599 ? found : 500;
}
