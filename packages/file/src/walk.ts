import { join } from "node:path";
import { tolerate } from "./failure.js";
import type { Label } from "./label.js";
import type { Slots } from "./slots.js";

/** Keys that a listing looks at together: enough to keep libuv's threads at work. */
const listed = 8;

/** A key and its state when it was looked at. */
export interface Found {
  readonly key: string;
  readonly label: Label;
}

/** The directories that keys are spread over. A symbolic link is none. */
export async function* fans(slots: Slots): AsyncGenerator<string> {
  for (const name of await slots.tree.disk.list(slots.tree.root.path)) {
    const path = join(slots.tree.root.path, name);
    if (/^[0-9a-f]{2}$/.test(name) && (await slots.tree.isStraight(path))) yield path;
  }
}

/** The directories in a fan, so many at a time, in bounded memory. */
export async function* directories(slots: Slots, fan: string, together: number): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  const entries = slots.tree.disk.walk(fan)[Symbol.asyncIterator]();
  for (;;) {
    const next = await tolerate(["ENOENT", "ENOTDIR"], undefined, () => entries.next());
    if (next === undefined || next.done === true) break;
    if (!next.value.isDirectory) continue;
    batch.push(next.value.name);
    if (batch.length < together) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Whether a directory in a fan is that of a key. */
export function isKey(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/**
 * Every key that has a label throughout, with one that it had. The name of a key's directory never changes, so none is
 * missed because it was written to meanwhile.
 */
export async function* labels(slots: Slots): AsyncGenerator<Found> {
  for await (const fan of fans(slots)) {
    for await (const names of directories(slots, fan, listed)) {
      const found = await Promise.all(names.filter(isKey).map((key) => labelOf(slots, key)));
      for (const one of found) if (one !== undefined) yield one;
    }
  }
}

async function labelOf(slots: Slots, key: string): Promise<Found | undefined> {
  const label = (await slots.look(key))?.label;
  return label && { key, label };
}
