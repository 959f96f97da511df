/**
 * An application uses one adapter; this repository has both in one program, where `Express.Request` can say only once
 * what `session` is. So here, and nowhere else, it is both what `@sess/core/express` makes of it and what this one does.
 */
import type { SessionGetter } from "../adapters/session-getter.js";
import type { SessionData, SessionMethods } from "./index.js";

declare global {
  namespace Express {
    interface Request {
      session: SessionMethods & Partial<SessionData> & SessionGetter["session"];
    }
  }
}
