import { defineMiddleware } from "astro:middleware";
import { createManager } from "@sess/core";

// `global`: every request calls this and gets the same Manager.
const open = () => createManager<Fields>("memory", { global: "shop", maxLifetime: 1800, trustProxy: 1 });

export const onRequest = defineMiddleware(async ({ isPrerendered, locals, request }, next) => {
  // What is rendered while building is for everybody. After `Astro.rewrite()` the session is there already.
  if (isPrerendered || locals.session !== undefined) return next();
  const exchange = (await open()).begin(request);
  locals.session = await exchange.session();
  return exchange.respond(await next());
});
