import { markerAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";
import { conflict } from "./commit.js";
import type { StoreContext } from "./context.js";
import type { Deadline } from "./deadline.js";
import { type KeyQueue, tooLate } from "./key-queue.js";
import type { ReliableProvider } from "./reliable-provider.js";

/**
 * What became of a key: what was there is destroyed, now or before; there was nothing, or nothing of the owner's; or
 * it leads to a session that was to be spared.
 */
export type DestroyOutcome = "destroyed" | "missing" | "spared";

/** How a key is destroyed. */
export interface DestroyOptions {
  /** Keys that stay, and with them the markers that lead there: a late request that comes by one must be told. */
  readonly spare: ReadonlySet<string>;
  /**
   * Set where the key was found in an owner's index. What is there of somebody else stays, since an index may list
   * too much; and where nothing is there, a record may be about to be written, which a tombstone prevents.
   */
  readonly owner: string | undefined;
  /** Called for every session that was ended, the successors of markers included. */
  readonly ended?: () => void;
  readonly deadline: Deadline;
}

const nothing: ReadonlySet<string> = new Set();

/** Whosever it is, and nothing is spared. */
export function destroyAll(deadline: Deadline): DestroyOptions {
  return { spare: nothing, owner: undefined, deadline };
}

/**
 * Replaces whatever session is under the queue's key by a marker, and what succeeded it. There is no delete: a record
 * taken away is a record that a late write can bring back. The caller holds the queue.
 *
 * On a marker that names a successor the successor goes first: done the other way round, a failure in between would
 * leave a live session that nothing leads to any more.
 */
export async function destroy(
  provider: ReliableProvider,
  context: StoreContext,
  queue: KeyQueue,
  loaded: StoredSession | undefined,
  { spare, owner, ended, deadline }: DestroyOptions,
  destroyKey: (key: string) => Promise<DestroyOutcome>,
): Promise<DestroyOutcome> {
  if (spare.has(queue.key)) return "spared";
  let current = queue.stored ?? loaded ?? (await provider.readToEnd(queue.key, deadline));
  let successor: DestroyOutcome | undefined;
  for (let round = 0; current?.retired !== ""; round++) {
    // rule: destroy-pauses
    if (round > 1) await deadline.pause(Math.min(round, 20));
    if (deadline.passed) throw round > 0 ? conflict() : tooLate();
    // rule: a-listed-key-gets-a-tombstone
    if (current === undefined ? owner === undefined : owner !== undefined && current.owner !== owner) return "missing";
    // rule: the-successor-goes-first
    if (current?.retired) successor = await destroyKey(current.retired);
    // rule: the-way-to-a-spared-session-stays
    if (successor === "spared") return "spared";
    const tombstone = markerAfter(context, current ?? { owner, recentWrites: [] }, "");
    const outcome = await (current === undefined
      ? provider.create(queue.key, tombstone, deadline)
      : provider.update(queue.key, tombstone, current, deadline));
    if (!outcome.written) {
      // rule: destroy-starts-again
      current = outcome.current;
      // The marker has expired meanwhile, but what it led to was there.
      if (current === undefined && successor === "destroyed") return "destroyed";
      continue;
    }
    queue.stored = outcome.latest;
    if (current !== undefined && current.retired === undefined) {
      context.diagnostics.publish("destroyed", {});
      ended?.();
    }
    return "destroyed";
  }
  return "destroyed";
}
