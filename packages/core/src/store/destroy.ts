import type { Backend } from "./backend.js";
import { conflict } from "./commit.js";
import { Deadline, limits, markerAfter, type StoreContext } from "./context.js";
import type { Known } from "./known.js";
import type { Lane } from "./lane.js";

/**
 * Replaces whatever session is under the lane's key by a marker, and what succeeded it. There is no delete: a record
 * taken away is a record that a late write can bring back. The caller holds the lane.
 *
 * On a marker that names a successor the successor goes first: done the other way round, a failure in between would
 * leave a live session that nothing leads to any more.
 *
 * Resolves to whether anything was there.
 */
export async function destroy(
  backend: Backend,
  context: StoreContext,
  lane: Lane,
  loaded: Known | undefined,
  destroyKey: (key: string) => Promise<unknown>,
): Promise<boolean> {
  const deadline = new Deadline(context, limits.batch);
  let current = lane.known ?? loaded ?? (await backend.read(lane.key));
  while (current !== undefined && current.retired !== "") {
    if (deadline.passed) throw conflict();
    if (current.retired !== undefined) await destroyKey(current.retired);
    const outcome = await backend.update(lane.key, markerAfter(context, current, ""), current);
    if (outcome.written) {
      lane.known = outcome.known;
      if (current.retired === undefined) context.diagnostics.publish("destroyed", {});
      return true;
    }
    current = outcome.current;
  }
  return current !== undefined;
}
