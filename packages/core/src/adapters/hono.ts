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

/** What the middleware needs of a context of Hono. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** What the server told: in part how the request came. */
  readonly env?: unknown;
  get res(): Response;
  set res(response: Response | undefined);
}

/** A middleware of Hono, by its shape. */
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
 * What `session()` rejects with comes to `app.onError`. Fields are stored before the response leaves, whatever its
 * status, unless that is a 5xx; a save that fails becomes the response. Inside of a body that is streamed, call
 * `release()` to have changes stored.
 */
export function session<D extends object>(sessions: Manager<D>): HonoMiddleware {
  return async (context, next) => {
    const exchange = sessions.begin(context.req.raw, { peer: peerOf(context) });
    setVariable(context, () => exchange.session());
    await next();
    const response = context.res;
    const answer = await exchange.respond(response);
    if (answer === response) return;
    // Hono would copy the headers of the response it has into the one it is given, which has those that are to stay.
    context.res = undefined;
    context.res = answer;
  };
}

/** The address of the peer, as Hono's servers under Node, Bun and Deno tell it. */
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
  /** Bun, which is told the server, or something that has it. */
  readonly server?: { requestIP?(request: Request): { readonly address: string } | null };
  readonly requestIP?: unknown;
}

/** `Context.set` is typed by the variables of each application, so no one shape fits them all. */
function setVariable(context: object, getter: () => Promise<unknown>): void {
  (context as { set(name: string, value: unknown): void }).set("session", getter);
}
