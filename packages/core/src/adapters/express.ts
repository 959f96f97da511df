/** Sessions for Express 5 and 4. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager } from "../manager/manager.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// The namespace is global, and made by this declaration where the types of Express are not installed.
declare global {
  namespace Express {
    interface Request extends SessionGetter {}
  }
}

/** A middleware of Express, by its shape. */
export type ExpressMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * A middleware that gives each request `req.session()`.
 *
 * ```ts
 * app.use(session(sessions));
 * app.get("/", async (req, res) => {
 *   const session = await req.session();
 *   res.send(`hello ${session.get("user")}`);
 * });
 * ```
 *
 * What `session()` rejects with comes to the application's error handlers, which Express 5 does by itself for a handler
 * that is async; under Express 4 such a handler has to catch it and call `next(error)`. Fields are stored with the
 * response, whatever its status, unless that is a 5xx; a save that fails becomes the response.
 */
export function session<D extends object>(sessions: Manager<D>): ExpressMiddleware {
  return (req, res, next) => {
    Object.assign(req, { session: () => sessions.start(req, res) });
    next();
  };
}
