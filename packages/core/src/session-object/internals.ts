import { quoted } from "../config/checks.js";
import { SessionError } from "../errors.js";
import type { Manager } from "../manager/manager.js";
import { RequestManager } from "../manager/request-manager.js";
import type { Session } from "../session/session.js";
import type { SessionData } from "../session/session-store.js";

export type AnySession = Session<SessionData>;

/** A Manager with what it has for adapters of core's own. */
export type ManagerInternals = RequestManager<SessionData>;

/** Throws `SESS_CONFIG` when it is no Manager of core's. */
export function internalsOf<D extends object>(sessions: Manager<D> | undefined): ManagerInternals {
  if (sessions instanceof RequestManager) return sessions;
  const example = "session({ sessions: await createManager(...) })";
  throw new SessionError("SESS_CONFIG", `"sessions" must be a Manager, as createManager resolves to: ${example}`);
}

/**
 * The Manager among options that have nothing else. Throws `SESS_CONFIG` when it is none of core's, and for another
 * option: ignored in silence, it would be missed late.
 */
export function internalsOnly<D extends object>(
  options: { readonly sessions: Manager<D> } | undefined,
): ManagerInternals {
  const internals = internalsOf(options?.sessions);
  const other = Object.keys(options ?? {}).find((name) => name !== "sessions");
  if (other === undefined) return internals;
  const where = "docs/coming-from-fastify-session-and-koa-session.md says what createManager has for it";
  throw new SessionError("SESS_CONFIG", `option ${quoted(other)} is none of this middleware: ${where}`);
}
