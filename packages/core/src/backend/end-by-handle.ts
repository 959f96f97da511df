import { handleOf } from "../ids.js";
import type { StoredSession } from "../record/stored-session.js";
import type { Deadline } from "./deadline.js";
import type { Destroyer } from "./destroy.js";
import { Leftovers } from "./leftovers.js";

interface Walk {
  readonly read: (key: string) => Promise<StoredSession | undefined>;
  readonly destroyer: Destroyer;
  /** Keys whose sessions are kept. */
  readonly spare: ReadonlySet<string>;
  /** The deadline of one step. */
  readonly deadline: () => Deadline;
}

/**
 * Ends the session of an owner that has this handle; resolves to whether there was one. The owner's index yields
 * `keys`. Markers are followed: the session may get a new id while the index is read.
 */
export async function endByHandle(
  keys: AsyncIterable<string>,
  owner: string,
  handle: string,
  walk: Walk,
): Promise<boolean> {
  const leftovers = new Leftovers();
  for await (const listed of keys) {
    const found = await leftovers.attempt(() => follow(listed, walk));
    if (found === undefined || walk.spare.has(found.key)) continue;
    if ((found.stored.handle ?? handleOf(found.key)) !== handle) continue;
    if (await endFrom(found.key, owner, walk)) return true;
  }
  leftovers.assertNone("read");
  return false;
}

/** The session under a key, or the one that its markers lead to. */
async function follow(
  listed: string,
  { read }: Walk,
): Promise<{ readonly key: string; readonly stored: StoredSession } | undefined> {
  const seen = new Set<string>();
  for (let key: string | undefined = listed; key && !seen.has(key); ) {
    seen.add(key);
    const stored: StoredSession | undefined = await read(key);
    if (stored !== undefined && stored.retired === undefined) return { key, stored };
    key = stored?.retired;
  }
  return undefined;
}

/** Of another owner's session nothing is ended. The session may have another id by now. Its successor is ended whoever owns it, as by signing out everywhere. */
async function endFrom(first: string, owner: string, { destroyer, deadline }: Walk): Promise<boolean> {
  const tried = new Set<string>();
  let of: string | undefined = owner;
  for (let key = first; !tried.has(key); of = undefined) {
    tried.add(key);
    const outcome = await destroyer.endListed(key, of, deadline());
    if (typeof outcome !== "object") return outcome === "ended";
    key = outcome.successor;
  }
  return false;
}
