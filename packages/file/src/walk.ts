import { join } from "node:path";
import { tolerate } from "./failure.js";
import type { Label } from "./label.js";
import type { Slots } from "./slots.js";

/** Keys that a listing looks at together: enough to keep libuv's threads busy. */
const listed = 8;

/** A key and its state when it was looked at. */
export interface Found {
  readonly key: string;
  readonly label: Label;
}

/** The directories that hold the keys' directories, without symbolic links. */
export async function fans({ tree }: Slots): Promise<readonly string[]> {
  const names = await tree.checked(() => tree.disk.listDirectories(tree.root.path));
  return names.filter((name) => /^[0-9a-f]{2}$/.test(name)).map((name) => join(tree.root.path, name));
}

/** The names of the directories in a fan, in batches of `together`. */
export async function batches({ tree }: Slots, fan: string, together: number): Promise<readonly string[][]> {
  const gone = ["ENOENT", "ENOTDIR", "ELOOP"];
  const [isStraight, names] = await Promise.all([
    tree.isStraight(fan),
    tolerate(gone, [], () => tree.disk.listDirectories(fan)),
  ]);
  const batches: string[][] = [];
  for (let from = 0; isStraight && from < names.length; from += together) {
    batches.push(names.slice(from, from + together));
  }
  return batches;
}

/** Whether the name of a directory in a fan is a key. */
export function isKey(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/**
 * Every key that has a label throughout, with one of its labels. The name of a key's directory never changes, so no key
 * is missed because it was written to meanwhile.
 */
export async function* labels(slots: Slots): AsyncGenerator<Found> {
  for (const fan of await fans(slots)) {
    for (const names of await batches(slots, fan, listed)) {
      const look = () => Promise.all(names.filter(isKey).map((key) => labelOf(slots, key)));
      const found = await slots.tree.checked(look);
      for (const one of found) if (one !== undefined) yield one;
    }
  }
}

async function labelOf(slots: Slots, key: string): Promise<Found | undefined> {
  const label = (await slots.peek(key))?.label;
  return label && { key, label };
}
