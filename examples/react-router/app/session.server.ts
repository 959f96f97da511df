import { createManager, type SessionStore } from "@sess/core";
import { createContext, type MiddlewareFunction } from "react-router";

export interface Fields {
  user: string;
  visits: number;
}

// `global`: every request calls this and gets the same Manager.
const open = () => createManager<Fields>("memory", { global: "shop", maxLifetime: 1800, trustProxy: 1 });

export const sessionContext = createContext<() => Promise<SessionStore<Fields>>>();

export const sessionMiddleware: MiddlewareFunction<Response> = async ({ request, context }, next) => {
  const exchange = (await open()).begin(request);
  context.set(sessionContext, () => exchange.session());
  return exchange.respond(await next());
};
