/** The response of Koa 3, which leaves when all middlewares have returned. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../http/head.js";
import type { NodeExchange } from "../manager/manager.js";

/** The parts of a Koa context that the middleware uses. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly status: number;
  /** `false` if the application writes the response itself. */
  readonly respond?: boolean | undefined;
  set(name: string, value: string): unknown;
  append(name: string, value: string): unknown;
}

/** A middleware of Koa, described by its shape. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/** Stores the session of a response that is not sent yet. Rejects if that fails. */
export async function respond(exchange: Pick<NodeExchange<object>, "respond">, context: KoaContext): Promise<void> {
  // A response that has begun by itself is held, and reports by itself if storing fails.
  if (context.res.headersSent || context.respond === false) return;
  await exchange.respond(context.status, headOf(context));
}

function headOf(context: KoaContext): ResponseHead {
  return {
    getHeader: (name) => context.res.getHeader(name),
    setHeader: (name, value) => void context.set(name, value),
    appendHeader: (name, value) => void context.append(name, value),
  };
}
