import type { SessionData, SessionStore } from "../session/session-store.js";

/** What every adapter adds to a framework's request or context. */
export interface SessionGetter {
  /**
   * The request's session, loaded when it is first requested. A request that does not ask costs no access to the store.
   * Further calls return the same session. Rejects as `Manager.start` does, with a `SessionError` whose `status` is the
   * one to answer with.
   *
   * The fields have the types of `SessionData`. If the Manager was given a type of its own, repeat it here:
   * `session<Fields>()`. The compiler cannot check that the two are the same.
   */
  session<D extends object = SessionData>(): Promise<SessionStore<D>>;
}
