import type { Backend } from "./backend.js";
import type { StoreContext } from "./context.js";
import type { Known } from "./known.js";

/** When a session that is used now will end, epoch milliseconds. `idle` is the Manager's idle lifetime, ms. */
export function expiryOfUse({ absolute, lifetime }: Known, now: number, idle: number): number {
  return Math.min(absolute, now + (lifetime ?? idle));
}

/** Writing every expiry would make a write of every read: a tenth of the lifetime may pass first. */
export function isTouchDue(known: Known, now: number, idle: number): boolean {
  return expiryOfUse(known, now, idle) - known.expiresAt >= (known.lifetime ?? idle) / 10;
}

/**
 * Prolongs a session to `expiresAt`, also where others have stored it since: a socket's session is used though its
 * handler has not loaded the newest state. Resolves to `known` with the end that it has now. Never to what the others
 * stored: a field that nobody loaded would be written over.
 */
export async function prolong(
  backend: Backend,
  { now, idle }: StoreContext,
  key: string,
  known: Known,
  expiresAt: number,
): Promise<Known> {
  const later = (time: number): Known => ({ ...known, expiresAt: Math.max(known.expiresAt, time) });
  if (await backend.touch(key, known, expiresAt)) return later(expiresAt);
  const current = await backend.read(key);
  if (current === undefined || current.retired !== undefined) return known;
  const expiry = expiryOfUse(current, now(), idle);
  const isLate = isTouchDue(current, now(), idle);
  return later(isLate && (await backend.touch(key, current, expiry)) ? expiry : current.expiresAt);
}
