import type { Backend } from "./backend.js";
import { conflict } from "./commit.js";
import { type Deadline, markerAfter, type StoreContext } from "./context.js";
import type { Known } from "./known.js";
import { type Lane, tooLate } from "./lane.js";

/**
 * What became of a key: what was there is destroyed, now or before; there was nothing, or nothing of the owner's; or
 * it leads to a session that was to be spared.
 */
export type Fate = "destroyed" | "missing" | "spared";

/** How a key is destroyed. */
export interface Destruction {
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
export function everything(deadline: Deadline): Destruction {
  return { spare: nothing, owner: undefined, deadline };
}

/**
 * Replaces whatever session is under the lane's key by a marker, and what succeeded it. There is no delete: a record
 * taken away is a record that a late write can bring back. The caller holds the lane.
 *
 * On a marker that names a successor the successor goes first: done the other way round, a failure in between would
 * leave a live session that nothing leads to any more.
 */
export async function destroy(
  backend: Backend,
  context: StoreContext,
  lane: Lane,
  loaded: Known | undefined,
  { spare, owner, ended, deadline }: Destruction,
  destroyKey: (key: string) => Promise<Fate>,
): Promise<Fate> {
  if (spare.has(lane.key)) return "spared";
  let current = lane.known ?? loaded ?? (await backend.readToEnd(lane.key, deadline));
  let successor: Fate | undefined;
  for (let round = 0; current?.retired !== ""; round++) {
    if (round > 1) await deadline.pause(Math.min(round, 20));
    if (deadline.passed) throw round > 0 ? conflict() : tooLate();
    if (current === undefined ? owner === undefined : owner !== undefined && current.owner !== owner) return "missing";
    if (current?.retired) successor = await destroyKey(current.retired);
    if (successor === "spared") return "spared";
    const tombstone = markerAfter(context, current ?? { owner, applied: [] }, "");
    const outcome = await (current === undefined
      ? backend.create(lane.key, tombstone, deadline)
      : backend.update(lane.key, tombstone, current, deadline));
    if (!outcome.written) {
      current = outcome.current;
      // The marker has expired meanwhile, but what it led to was there.
      if (current === undefined && successor === "destroyed") return "destroyed";
      continue;
    }
    lane.known = outcome.latest;
    if (current !== undefined && current.retired === undefined) {
      context.diagnostics.publish("destroyed", {});
      ended?.();
    }
    return "destroyed";
  }
  return "destroyed";
}
