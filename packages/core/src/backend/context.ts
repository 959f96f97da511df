import type { Diagnostics } from "../diagnostics.js";
import { randomToken } from "../ids.js";
import type { Draft } from "../record/changes.js";
import type { RecentWrites, StoredSession } from "../record/stored-session.js";
import type { BoundedCalls } from "./bounded.js";

/**
 * Milliseconds. They hang together, and the order is what keeps the guarantees: an operation is given up long before the
 * entry by which its batch would recognise itself is pruned, and before a marker it could collide with is gone.
 */
export const limits = {
  /** Whatever is asked of a session, from the moment it is asked for; and one step of a walk over an owner's sessions. */
  operation: 10_000,
  /** A write whose outcome is unknown is not sent again later than so long after it was sent first. */
  resend: 5_000,
  /** What the clocks of processes over one store may differ by. */
  skew: 60_000,
  /** Entries of `recentWrites`: longer than {@link operation} and {@link skew} together. */
  // rule: an-entry-outlives-skew
  recentWrites: 90_000,
  /** Markers: at least a minute, and longer than the longest request expected. */
  // rule: markers-live-long-enough
  marker: 120_000,
  /** Counting and collecting, which take as long as there are sessions to look at. */
  walk: 600_000,
  /** Waiting commits of one session in one Manager: a number, not a time. */
  queue: 1_000,
} as const;

/** What the store's parts share: one of each for a Manager. */
export interface StoreContext {
  readonly now: () => number;
  /** Idle lifetime, ms. */
  readonly idle: number;
  /** Absolute lifetime, ms; Infinity when there is none. */
  readonly absolute: number;
  /** Most that is stored of one session, bytes of UTF-8. */
  readonly maxBytes: number;
  /** Names this Manager in `recentWrites`. */
  readonly managerId: string;
  readonly diagnostics: Diagnostics;
  /** Bounds everything that waits for the store, or for others who do. */
  readonly calls: BoundedCalls;
}

/** A batch's id, which is its record's version on every attempt. Never used twice, on any key. */
export function newWriteId(): string {
  // rule: a-write-id-is-never-used-twice
  return randomToken(16);
}

function withWrite(
  context: StoreContext,
  recentWrites: RecentWrites | undefined,
  writeId: string,
  now: number,
): RecentWrites {
  const others =
    recentWrites?.filter(
      ([managerId, , time]) => managerId !== context.managerId && now - time < limits.recentWrites,
    ) ?? [];
  // rule: every-manager-is-listed
  return [...others, [context.managerId, writeId, now]];
}

/** The session that follows `base` as the draft has it; without a base, one that begins now. */
export function sessionAfter(context: StoreContext, base: StoredSession | undefined, draft: Draft): StoredSession {
  const now = context.now();
  const version = newWriteId();
  const absolute = draft.absolute === undefined ? (base?.absolute ?? now + context.absolute) : now + draft.absolute;
  return {
    version,
    expiresAt: Math.min(absolute, now + (draft.lifetime ?? context.idle)),
    owner: draft.owner,
    retired: undefined,
    created: base?.created ?? now,
    saved: now,
    lifetime: draft.lifetime,
    absolute,
    recentWrites: withWrite(context, base?.recentWrites, version, now),
    fields: draft.fields,
    ...(base?.over !== undefined && { over: base.over }),
  };
}

/**
 * What takes `base`'s place when it is replaced by the session `retired`, or destroyed (`""`). It keeps who wrote
 * last, or a batch whose answer was lost could not recognise itself, and the owner; nothing else of the session.
 */
export function markerAfter(
  context: StoreContext,
  base: Pick<StoredSession, "owner" | "recentWrites">,
  retired: string,
): StoredSession {
  const now = context.now();
  const version = newWriteId();
  return {
    version,
    expiresAt: now + limits.marker,
    // rule: a-marker-keeps-the-owner
    owner: base.owner,
    retired,
    created: 0,
    saved: 0,
    lifetime: undefined,
    absolute: Number.POSITIVE_INFINITY,
    // rule: a-marker-keeps-who-wrote-last
    recentWrites: withWrite(context, base.recentWrites, version, now),
    fields: new Map(),
  };
}

/**
 * When an operation is given up: begins when it is asked for. Runs out by the Manager's clock or by the process's own,
 * whichever is first; what waits is woken by the process's own.
 */
export class Deadline {
  /** An instant of `performance.now()`. */
  readonly until: number;
  readonly #context: StoreContext;
  readonly #limit: number;
  readonly #wall: number;

  constructor(context: StoreContext, limit: number = limits.operation) {
    this.until = performance.now() + limit;
    this.#context = context;
    this.#limit = limit;
    this.#wall = context.now();
  }

  get passed(): boolean {
    // rule: a-deadline-passes
    return performance.now() >= this.until || this.#context.now() - this.#wall >= this.#limit;
  }

  /** Rejects with `NoAnswer` when it passes first. */
  bound<T>(work: () => PromiseLike<T> | T): Promise<T> {
    return this.#context.calls.run(work, this.until);
  }

  /** Full jitter, so that processes that were refused together do not come back together. At most `limit` ms. */
  pause(limit: number): Promise<void> {
    const most = Math.min(limit, this.until - performance.now());
    return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.max(0, most)));
  }
}
