/** Sessions for Hono 4, on every runtime that Hono runs on. */
import type { Manager } from "../manager/manager.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// Where Hono is not installed there is nothing to extend, and nobody who asks.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "hono" {
  interface ContextVariableMap extends SessionGetter {}
}

/** The parts of a Hono context that the middleware uses. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** Data of the server, some of it about the connection. */
  readonly env?: unknown;
  get res(): Response;
  set res(response: Response | undefined);
}

/** A middleware of Hono, described by its shape. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<void>;

/**
 * A middleware that gives each request `c.var.session()`, which is also `c.get("session")()`.
 *
 * ```ts
 * app.use(session(sessions));
 * app.get("/", async (c) => {
 *   const session = await c.var.session();
 *   return c.text(`hello ${session.get("user")}`);
 * });
 * ```
 *
 * If `session()` rejects, the error goes to `app.onError`. The response stores the fields before it leaves, whatever
 * its status, unless that is 5xx. If the save fails, the response is an error. Inside a streamed body, call `release()`
 * to store changes.
 */
export function session<D extends object>(sessions: Manager<D>): HonoMiddleware {
  return async (context, next) => {
    const exchange = sessions.begin(context.req.raw, { peer: peerOf(context) });
    setVariable(context, () => exchange.session());
    await next();
    const response = context.res;
    const answer = await exchange.respond(response);
    if (answer === response) return;
    // Otherwise Hono would copy the headers of its present response into the new one, which already has the right
    // headers.
    context.res = undefined;
    context.res = answer;
  };
}

/** The peer's address, as Hono's servers under Node, Bun and Deno provide it. */
function peerOf({ env, req }: HonoContext): string | undefined {
  if (typeof env !== "object" || env === null) return undefined;
  const { incoming, server, requestIP, remoteAddr } = env as ServerInfo;
  if (incoming !== undefined) return incoming.socket?.remoteAddress ?? "";
  if (remoteAddr !== undefined) return remoteAddr.hostname;
  const bun = requestIP === undefined ? server : (env as ServerInfo["server"]);
  return typeof bun?.requestIP === "function" ? bun.requestIP(req.raw)?.address : undefined;
}

interface ServerInfo {
  /** Node. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: string };
  /** Bun: the server, or an object that contains it. */
  readonly server?: { requestIP?(request: Request): { readonly address: string } | null };
  readonly requestIP?: unknown;
}

/** `Context.set` is typed by the variables of each application, so no single type fits all of them. */
function setVariable(context: object, getter: () => Promise<unknown>): void {
  (context as { set(name: string, value: unknown): void }).set("session", getter);
}
