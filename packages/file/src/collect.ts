import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { inTime } from "./in-time.js";
import { randomName } from "./label.js";
import type { Slot, Slots } from "./slots.js";
import { batches, fans, isKey } from "./walk.js";

/** How long an expired record is kept for processes whose clocks are behind, in milliseconds. */
const grace = 60_000;
/**
 * Age after which a file without an owner counts as left behind, in milliseconds. Removing one too early only makes a
 * call fail.
 */
const orphaned = 600_000;
/** Keys that are collected at the same time: half of libuv's threads, since requests need the others. */
const together = 2;

/**
 * Removes records that expired a minute ago or more, and files that killed processes left behind. Resolves to the
 * number of records removed. Each step is followed by a turn of the event loop and has a time limit. Any number of
 * processes may collect at the same time.
 */
export async function collect(slots: Slots, now: () => number, stopped: () => boolean): Promise<number> {
  let removed = 0;
  const each = (fan: string, name: string) => collectDirectory(slots, fan, name, now() - grace);
  for (const fan of await inTime(() => fans(slots))) {
    for (const names of await inTime(() => batches(slots, fan, together))) {
      if (stopped()) return removed;
      await inTime(() => slots.tree.checked(async () => {}));
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
  // Removal by this exact name is safe: a record renewed or replaced since then has another name.
  else if (await slots.unlabel(name, slot.label)) {
    await slots.clear(name, slot.bodies);
    return 1;
  }
  return 0;
}

/**
 * Removes bodies that no label names. Their writer may be slow rather than dead. The label is therefore renamed first:
 * the writer's own rename then fails, and it starts again with a new body.
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
 * Removes the directory of an unfinished create. It is renamed first, so that a create that is slow rather than dead
 * fails instead of making half a record.
 */
async function collectTemporary({ tree }: Slots, path: string, name: string): Promise<void> {
  if (/^x-[0-9a-f]{24}$/.test(name)) return tree.remove(path);
  if (!/^t-[0-9a-f]{24}$/.test(name)) return;
  const writtenAt = await tree.writtenAt(path);
  if (writtenAt === undefined || writtenAt >= Date.now() - orphaned) return;
  const taken = join(path, "..", `x-${randomName()}`);
  if (await tree.rename(path, taken)) await tree.remove(taken);
}
