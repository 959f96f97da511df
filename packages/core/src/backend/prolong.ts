import type { StoredSession } from "../record/stored-session.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import type { ReliableProvider } from "./reliable-provider.js";

/** When a session that is used now will end, epoch milliseconds. `idle` is the Manager's idle lifetime, ms. */
export function expiryOfUse({ absolute, lifetime }: StoredSession, now: number, idle: number): number {
  return Math.min(absolute, now + (lifetime ?? idle));
}

/** Writing every expiry would make a write of every read: a tenth of the lifetime may pass first. */
export function isTouchDue(stored: StoredSession, now: number, idle: number): boolean {
  return expiryOfUse(stored, now, idle) - stored.expiresAt >= (stored.lifetime ?? idle) / 10;
}

/** A session to be prolonged to `expiresAt`, epoch milliseconds. */
export interface Prolongation {
  readonly key: string;
  readonly stored: StoredSession;
  readonly expiresAt: number;
  readonly deadline: Deadline;
}

/**
 * Prolongs a session to `expiresAt`, also where others have stored it since: a socket's session is used though its
 * handler has not loaded the newest state. Resolves to `known` with the end that it has now. Never to what the others
 * stored: a field that nobody loaded would be written over.
 */
export async function prolong(
  provider: ReliableProvider,
  { now, idle }: StoreContext,
  { key, stored, expiresAt, deadline }: Prolongation,
): Promise<StoredSession> {
  const later = (time: number): StoredSession => ({ ...stored, expiresAt: Math.max(stored.expiresAt, time) });
  if (await provider.touch(key, stored, expiresAt, deadline)) return later(expiresAt);
  const current = await provider.read(key, deadline);
  if (current === undefined || current.retired !== undefined) return stored;
  const expiry = expiryOfUse(current, now(), idle);
  const isLate = isTouchDue(current, now(), idle);
  return later(isLate && (await provider.touch(key, current, expiry, deadline)) ? expiry : current.expiresAt);
}
