import type { Deadline } from "./deadline.js";
import type { Destroyer } from "./destroy.js";
import { Leftovers } from "./leftovers.js";
import { sideBySide } from "./side-by-side.js";

/** Number of sessions that are ended at the same time. */
const atOnce = 8;

interface Walk {
  readonly destroyer: Destroyer;
  /** Keys whose sessions are kept. */
  readonly spare: ReadonlySet<string>;
  /** The deadline of one step. */
  readonly deadline: () => Deadline;
}

/**
 * Ends every session of an owner, except those under `spare`. The owner's index yields `keys`. The successors of
 * markers are ended too: a session may get a new id, and so a new key, while the index is read. If one cannot be ended,
 * it continues with the others and then rejects. Resolves to the number of ended sessions.
 *
 * Each key costs one read and each session one write, however many markers lead to it. Successors that the index did
 * not yield are followed after it has been read.
 */
export async function endOwned(keys: AsyncIterable<string>, owner: string, walk: Walk): Promise<number> {
  const leftovers = new Leftovers();
  // rule: what-is-spared-stays
  const tried = new Set<string>(walk.spare);
  const successors = new Set<string>();
  let count = 0;
  const end = async (key: string, of: string | undefined): Promise<void> => {
    if (tried.has(key)) return;
    tried.add(key);
    const outcome = await leftovers.attempt(() => walk.destroyer.endListed(key, of, walk.deadline()));
    if (outcome === "ended") count++;
    // If a marker leads to it, it is ended later, whoever owns it.
    else if (outcome === "somebody else's") tried.delete(key);
    else if (typeof outcome === "object") successors.add(outcome.successor);
  };
  await sideBySide(keys, atOnce, (key) => end(key, owner));
  while (successors.size > 0) {
    const next = [...successors];
    successors.clear();
    await sideBySide(next, atOnce, (key) => end(key, undefined));
  }
  leftovers.assertNone("ended");
  return count;
}
