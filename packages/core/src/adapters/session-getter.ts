import type { SessionData, SessionStore } from "../session/session-store.js";

/** What every adapter adds to a framework's request or context. */
export interface SessionGetter {
  /**
   * The request's session, loaded when it is first asked for: a request that never asks costs no access to the store.
   * Asked again it is the same one. Rejects as `Manager.start` does, with a `SessionError` whose `status` is the one
   * to answer with.
   *
   * The fields have the types of `SessionData`. Where the Manager was given a type of its own, say it here as well:
   * `session<Fields>()`. Nothing checks that the two are the same.
   */
  session<D extends object = SessionData>(): Promise<SessionStore<D>>;
}
