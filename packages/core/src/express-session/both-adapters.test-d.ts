/**
 * An application uses one adapter; this repository has both in one program, where `Express.Request` can say only once
 * what `session` is. So here, and nowhere else, it is also what `@sess/core/express` makes of it.
 */
import type { SessionGetter } from "../adapters/session-getter.js";

type Getter = SessionGetter["session"];

declare module "./index.js" {
  interface SessionMethods extends Getter {}
}
