import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { inTime } from "./in-time.js";
import { randomName } from "./label.js";
import type { Slot, Slots } from "./slots.js";
import { batches, fans, isKey } from "./walk.js";

/** How long an expired record stays for clocks that are behind, in milliseconds. */
const grace = 60_000;
/** How old something is before it counts as left behind, in milliseconds. What is taken too early only fails a call. */
const orphaned = 600_000;
/** Keys that are collected together: half of libuv's threads, the others are for requests. */
const together = 2;

/**
 * Removes what expired a minute ago, and what killed processes left behind; resolves to how many records that were.
 * The event loop turns after each step, and each has a time limit. Any number of processes may do this at the same time.
 */
export async function collect(slots: Slots, now: () => number, stopped: () => boolean): Promise<number> {
  let removed = 0;
  const each = (fan: string, name: string) => collectDirectory(slots, fan, name, now() - grace);
  for (const fan of await inTime(() => fans(slots))) {
    for (const names of await inTime(() => batches(slots, fan, together))) {
      if (stopped()) return removed;
      await inTime(() => slots.tree.assertRoot());
      const counts = await inTime(() => Promise.all(names.map((name) => each(fan, name))));
      removed += counts.reduce((sum, count) => sum + count, 0);
      await turn();
    }
  }
  return removed;
}

async function collectDirectory(slots: Slots, fan: string, name: string, until: number): Promise<number> {
  if (!isKey(name)) {
    await collectTemporary(slots, join(fan, name), name);
    return 0;
  }
  const slot = await slots.peek(name);
  if (slot === undefined || slot.isLater) return 0;
  if (slot.label === undefined) await slots.clear(name, slot.bodies);
  else if (slot.label.expiresAt > until) await collectOrphans(slots, name, slot);
  // By its very name: a record that was renewed or replaced since has another.
  else if (await slots.unlabel(name, slot.label)) {
    await slots.clear(name, slot.bodies);
    return 1;
  }
  return 0;
}

/**
 * Bodies that no label names. The writer of one may be slow rather than dead: the label moves on first, so that its
 * rename fails and it begins again with another body.
 */
async function collectOrphans(slots: Slots, key: string, { label, bodies }: Slot): Promise<void> {
  if (label === undefined || bodies.length < 2) return;
  const orphans: string[] = [];
  for (const body of bodies) {
    const writtenAt = body === label.body ? undefined : await slots.tree.writtenAt(join(slots.tree.pathOf(key), body));
    if (writtenAt !== undefined && writtenAt < Date.now() - orphaned) orphans.push(body);
  }
  if (orphans.length === 0) return;
  if (await slots.relabel(key, label, { ...label, turn: label.turn + 1 })) await slots.clear(key, orphans);
}

/**
 * The directory of a create that did not come to its end. It is renamed first, so that a create that is slow rather
 * than dead fails instead of making half a record.
 */
async function collectTemporary({ tree }: Slots, path: string, name: string): Promise<void> {
  if (/^x-[0-9a-f]{24}$/.test(name)) return tree.remove(path);
  if (!/^t-[0-9a-f]{24}$/.test(name)) return;
  const writtenAt = await tree.writtenAt(path);
  if (writtenAt === undefined || writtenAt >= Date.now() - orphaned) return;
  const taken = join(path, "..", `x-${randomName()}`);
  if (await tree.rename(path, taken)) await tree.remove(taken);
}
