import { join } from "node:path";
import type { SessionRecord } from "@sess/core";
import { Bodies } from "./bodies.js";
import { type Draft, decodeBody } from "./body.js";
import { type Disk, disk as realDisk } from "./disk.js";
import { attempt, codeOf, unavailable } from "./failure.js";
import { isBodyName, isLaterLabel, type Label, nameOf, newBodyName, parseLabel, randomName } from "./label.js";
import type { Root } from "./root.js";
import { inTheWay, Tree } from "./tree.js";

/** Error codes for a directory that cannot replace another: on POSIX one that is not empty, on Windows any. */
const taken = ["ENOTEMPTY", "EEXIST", ...(process.platform === "win32" ? ["EPERM", "EACCES"] : [])];

/** Error codes for a rename that was certainly not carried out. After any other error this is unknown. */
const refused = ["EACCES", "EBUSY", "EDQUOT", "EMLINK", "ENOSPC", "EPERM", "EROFS"];

/** The contents of a key's directory. */
export interface Slot {
  /** The state of the key; undefined if gc was interrupted, or if nothing in the directory is ours. */
  readonly label: Label | undefined;
  /** Names of bodies: the one that the label names, those of current writers, and those that killed writers left. */
  readonly bodies: readonly string[];
  /** Whether a later version of this package wrote here. */
  readonly isLater: boolean;
  /** Whether the directory holds something that is not ours. */
  readonly hasForeign: boolean;
}

/** The options of {@link Slots}. */
export interface SlotsOptions {
  readonly durable: boolean;
  /** The file system, or a substitute that blocks or fails where a test needs it. */
  readonly disk?: Disk;
}

/**
 * The directories of keys. Each change of one is a single atomic step: a label is renamed or removed, or a whole
 * directory appears. Rejects with errors of the file system.
 */
export class Slots {
  readonly tree: Tree;
  readonly root: Root;
  readonly durable: boolean;
  readonly #disk: Disk;
  readonly #bodies: Bodies;

  constructor(root: Root, { durable, disk = realDisk }: SlotsOptions) {
    this.tree = new Tree(root, disk);
    this.root = root;
    this.durable = durable;
    this.#disk = disk;
    this.#bodies = new Bodies(disk, durable);
  }

  /**
   * The contents of a key's directory; undefined when it has none. Rejects with `SESS_UNAVAILABLE` if the root has
   * changed.
   */
  look(key: string): Promise<Slot | undefined> {
    return this.tree.checked(() => this.peek(key));
  }

  /** As {@link Slots.look}, for callers who check the root themselves. */
  async peek(key: string): Promise<Slot | undefined> {
    const path = this.tree.pathOf(key);
    const names = await this.tree.list(path);
    if (names === undefined) return undefined;
    const slot = sort(names);
    // POSIX allows a listing to miss a name that is being changed. No system in use does so in a directory this small,
    // but the mistake would lose a session: only two listings together show that there is no label.
    return slot.label === undefined ? sort((await this.tree.list(path)) ?? []) : slot;
  }

  /** The label's record; undefined when its body is torn or foreign, "moved" when the label is no longer the key's. */
  async load(key: string, label: Label): Promise<SessionRecord | undefined | "moved"> {
    const path = this.tree.pathOf(key);
    const [straight, bytes] = await Promise.all([
      this.tree.isStraight(path),
      this.#bodies.read(join(path, label.body), label.size),
    ]);
    if (bytes === "missing") {
      const now = (await this.look(key))?.label;
      return now !== undefined && nameOf(now) === nameOf(label) ? undefined : "moved";
    }
    return straight && bytes !== "foreign" ? decodeBody(bytes, key, label) : undefined;
  }

  /** Gives the first record to a key that has no directory or an empty one; false when the directory is not empty. */
  async install(key: string, draft: Draft): Promise<boolean> {
    const fan = this.tree.fanOf(key);
    if (await this.tree.ensureFan(fan)) await this.#bodies.syncDirectory(this.tree.root.path);
    const temporary = join(fan, `t-${randomName()}`);
    await this.#disk.makeDirectory(temporary);
    try {
      await this.#prepare(temporary, draft);
      await this.#disk.rename(temporary, this.tree.pathOf(key));
    } catch (error) {
      await attempt(() => this.tree.remove(temporary));
      if (taken.includes(codeOf(error))) return false;
      throw codeOf(error) === "ENOTDIR" ? inTheWay(error) : error;
    }
    await this.#bodies.syncDirectory(fan);
    return true;
  }

  /** Replaces the label's record by one with this expiry; false when the label is no longer the key's. */
  async replace(key: string, from: Label, { label, bytes }: Draft, expiresAt: number): Promise<boolean> {
    const slot = this.tree.pathOf(key);
    await this.tree.assertStraight(slot);
    const to = { ...label, expiresAt, body: newBodyName() };
    const body = join(slot, to.body);
    if (!(await this.#bodies.write(body, bytes))) return false;
    if (!(await this.#swap(slot, from, to, body))) return false;
    // Synced before the old body is removed: after a power failure, the label that survives must have its body.
    await this.#bodies.syncDirectory(slot);
    await attempt(() => this.#disk.unlink(join(slot, from.body)));
    return true;
  }

  /** Changes only the label; false when it is no longer the key's. */
  async relabel(key: string, from: Label, to: Label): Promise<boolean> {
    const slot = this.tree.pathOf(key);
    await this.tree.assertStraight(slot);
    return this.tree.rename(join(slot, nameOf(from)), join(slot, nameOf(to)));
  }

  /** Removes the key's record; false when the label is no longer the key's. The bodies stay. */
  unlabel(key: string, label: Label): Promise<boolean> {
    return this.tree.unlink(join(this.tree.pathOf(key), nameOf(label)));
  }

  /** Removes bodies by name, and the directory if it is empty then. No label may name them, now or later. */
  async clear(key: string, bodies: readonly string[]): Promise<void> {
    const slot = this.tree.pathOf(key);
    for (const body of bodies) await this.tree.unlink(join(slot, body));
    await this.tree.removeEmpty(slot);
  }

  async #prepare(directory: string, draft: Draft): Promise<void> {
    const label = { ...draft.label, body: newBodyName() };
    // Both must settle before anything is cleaned up.
    const written = await Promise.allSettled([
      this.#bodies.write(join(directory, label.body), draft.bytes),
      this.#bodies.write(join(directory, nameOf(label)), Buffer.alloc(0)),
    ]);
    for (const one of written) {
      if (one.status === "rejected") throw one.reason;
      if (!one.value) throw unavailable("a temporary directory was removed by somebody else");
    }
    await this.#bodies.syncDirectory(directory);
  }

  /** Renames the label. Removes the new body when the rename certainly failed. */
  async #swap(slot: string, from: Label, to: Label, body: string): Promise<boolean> {
    let isNamed = false;
    try {
      isNamed = await this.tree.rename(join(slot, nameOf(from)), join(slot, nameOf(to)));
      return isNamed;
    } catch (error) {
      isNamed = !refused.includes(codeOf(error));
      throw error;
    } finally {
      if (!isNamed) await attempt(() => this.#disk.unlink(body));
    }
  }
}

function sort(names: readonly string[]): Slot {
  const labels = names.map(parseLabel).filter((label) => label !== undefined);
  const bodies = names.filter(isBodyName);
  return {
    label: labels.at(-1),
    bodies,
    isLater: names.some(isLaterLabel),
    hasForeign: labels.length + bodies.length < names.length,
  };
}
