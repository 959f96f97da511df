import type { Manager } from "../manager/manager.js";
import { give, has } from "./h3-event.js";
import { LazyExchange } from "./lazy-exchange.js";

/** A request of srvx, the server of h3 version 2. Its context becomes the event's. */
type ServerRequest = Request & { context?: object | undefined; readonly ip?: string | undefined };

/** The parts of an application of h3 version 2, or of one of Nitro 3, that the plugin uses. */
export interface H3WebApp {
  /** Each of them types it by its own requests, so no type of ours fits. */
  fetch: (...args: never) => unknown;
  request?: (...args: never) => unknown;
}

type Inner = (request: ServerRequest) => Response | Promise<Response>;

/** Gives each event of the application its session, and stores that for the response that h3 has made. */
export function wrapFetch<D extends object>(app: H3WebApp, manager: () => Promise<Manager<D>>): void {
  const inner = app.fetch as Inner;
  const fetch = (input: ServerRequest | URL | string, init?: RequestInit, context?: object): Promise<Response> => {
    const request = requestOf(input, init);
    request.context = { ...request.context, ...context };
    return respond(request, inner, manager);
  };
  app.fetch = fetch as never;
  if (app.request !== undefined) app.request = fetch as never;
}

/** A request of the server is passed on itself, since it has more than the standard's. */
function requestOf(input: ServerRequest | URL | string, init: RequestInit | undefined): ServerRequest {
  if (typeof input === "object" && "headers" in input && init === undefined) return input;
  const isPath = typeof input === "string" && input.startsWith("/");
  return new Request(isPath ? new URL(input, "http://localhost") : input, init);
}

async function respond<D extends object>(
  request: ServerRequest,
  inner: Inner,
  manager: () => Promise<Manager<D>>,
): Promise<Response> {
  const cookie = request.headers.get("cookie");
  if (has(request.context, cookie)) return inner(request);
  const exchange = new LazyExchange(manager, request, { peer: request.ip });
  request.context ??= {};
  give(request.context, cookie, () => exchange.session());
  return exchange.respond(await inner(request));
}
