/** Sessions for Express 5 and 4. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Manager } from "../manager/manager.js";
import type { SessionGetter } from "./session-getter.js";

export type { SessionGetter } from "./session-getter.js";

// The global namespace. This declaration creates it if Express's types are not installed.
declare global {
  namespace Express {
    interface Request extends SessionGetter {}
  }
}

/** A middleware of Express, described by its shape. */
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
 * If `session()` rejects in an async handler, Express 5 passes the error to the application's error handlers. Under
 * Express 4, the handler must catch it and call `next(error)`. The response stores the fields, whatever its status,
 * unless that is 5xx. If the save fails, the response is an error.
 */
export function session<D extends object>(sessions: Manager<D>): ExpressMiddleware {
  return (req, res, next) => {
    Object.assign(req, { session: () => sessions.start(req, res) });
    next();
  };
}
