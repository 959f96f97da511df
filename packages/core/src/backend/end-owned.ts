import type { Deadline } from "./deadline.js";
import type { Destroyer } from "./destroy.js";
import { Leftovers } from "./leftovers.js";
import { sideBySide } from "./side-by-side.js";

/** Sessions that are ended at a time. */
const atOnce = 8;

interface Walk {
  readonly destroyer: Destroyer;
  /** Keys that stay, and so what is under them. */
  readonly spare: ReadonlySet<string>;
  /** Of one step. */
  readonly deadline: () => Deadline;
}

/**
 * Ends every session of an owner, whose index gives `keys`, but those under `spare`; and what succeeded them: a session may
 * get a new id, and so a new key, while the index is read. Goes on to the others where one cannot be ended, and then
 * rejects. Resolves to how many sessions that were.
 *
 * Each key costs one read, and each session one write, however many markers lead to it: their successors are followed when
 * the index has been read, and only those that it did not give.
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
    // Where a marker leads to it, it is followed, whoever's it is.
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
