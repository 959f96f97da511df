/** Sessions for Fastify 5. */
import type { Manager } from "../manager/manager.js";
import { type FastifyPlugin, pluginOf } from "./fastify-hooks.js";
import type { SessionGetter } from "./session-getter.js";

export type { FastifyLike, FastifyPlugin, FastifyReplyLike, FastifyRequestLike } from "./fastify-hooks.js";
export type { SessionGetter } from "./session-getter.js";

// Where Fastify is not installed there is nothing to extend.
// biome-ignore lint/suspicious/noTsIgnore: the error is there only where the framework is not.
// @ts-ignore
declare module "fastify" {
  interface FastifyRequest extends SessionGetter {}
}

/**
 * A plugin that gives each request `request.session()`, in the whole application: it is not encapsulated.
 *
 * ```ts
 * app.register(session(sessions));
 * app.get("/", async (request) => {
 *   const session = await request.session();
 *   return { user: session.get("user") };
 * });
 * ```
 *
 * If `session()` rejects, the handler throws the error; if a save fails, an `onSend` hook throws. Both errors go to the
 * application's error handler. The reply stores the fields, whatever its status, unless that is 5xx. A response that
 * bypasses Fastify (`reply.hijack()`, `reply.raw`) is held until the session is stored, as with `start`.
 */
export function session<D extends object>(sessions: Manager<D>): FastifyPlugin {
  return pluginOf(sessions, "sess", (begin) => (request, reply, next) => {
    // Assigned by `=`, these closures keep their requests alive until V8's next full collection.
    Object.assign(request, { session: () => begin(request, reply).session() });
    next();
  });
}
