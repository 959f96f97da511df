import { join } from "node:path";
import type { SessionRecord } from "@sess/core";
import { Bodies } from "./bodies.js";
import { type Draft, decodeBody } from "./body.js";
import { type Disk, disk as realDisk } from "./disk.js";
import { attempt, codeOf, unavailable } from "./failure.js";
import { isBodyName, isLaterLabel, type Label, nameOf, newBodyName, parseLabel, randomName } from "./label.js";
import type { Root } from "./root.js";
import { inTheWay, Tree } from "./tree.js";

/** How systems say that a directory cannot take the place of another: of one that is not empty, on Windows of any. */
const taken = ["ENOTEMPTY", "EEXIST", ...(process.platform === "win32" ? ["EPERM", "EACCES"] : [])];

/** How systems say that a rename was not carried out. Any other error leaves that open. */
const refused = ["EACCES", "EBUSY", "EDQUOT", "EMLINK", "ENOSPC", "EPERM", "EROFS"];

/** What the directory of a key holds. */
export interface Slot {
  /** The state of the key; undefined where gc was interrupted, or nothing in it is ours. */
  readonly label: Label | undefined;
  /** Names of bodies: that of the label, those of writers under way, and what writers that were killed left. */
  readonly bodies: readonly string[];
  /** A later version of this package wrote here. */
  readonly isLater: boolean;
  /** Something in it is not ours. */
  readonly hasForeign: boolean;
}

/** How {@link Slots} work. */
export interface SlotsOptions {
  readonly durable: boolean;
  /** The file system, or a stand-in that stops or fails where a test wants it to. */
  readonly disk?: Disk;
}

/**
 * The directories of keys and what is done to one of them in one atomic step: a label is renamed or removed, or a whole
 * directory comes into being. Rejects with errors of the file system.
 */
export class Slots {
  readonly tree: Tree;
  readonly #disk: Disk;
  readonly #bodies: Bodies;

  constructor(root: Root, { durable, disk = realDisk }: SlotsOptions) {
    this.tree = new Tree(root, disk);
    this.#disk = disk;
    this.#bodies = new Bodies(disk, durable);
  }

  /** Undefined where the key has no directory. Rejects with `SESS_UNAVAILABLE` where the root is not what it was. */
  async look(key: string): Promise<Slot | undefined> {
    const [slot] = await Promise.all([this.peek(key), this.tree.assertRoot()]);
    return slot;
  }

  /** As {@link Slots.look}, for callers who see to the root themselves. */
  async peek(key: string): Promise<Slot | undefined> {
    const path = this.tree.pathOf(key);
    const names = await this.tree.list(path);
    if (names === undefined) return undefined;
    const slot = sort(names);
    // POSIX lets a listing miss a name that is being changed. No system in use does so in a directory this small, but
    // a session hangs on it: that there is no label is concluded from two listings.
    return slot.label === undefined ? sort((await this.tree.list(path)) ?? []) : slot;
  }

  /** The label's record; undefined where its body is torn or foreign, "moved" where the label is not the key's now. */
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

  /** Gives a key that has no directory, or an empty one, its first record; false where the directory is not empty. */
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

  /** Puts a record with this expiry in the place of the label's; false where the label is not the key's now. */
  async replace(key: string, from: Label, { label, bytes }: Draft, expiresAt: number): Promise<boolean> {
    const slot = this.tree.pathOf(key);
    await this.tree.assertStraight(slot);
    const to = { ...label, expiresAt, body: newBodyName() };
    const body = join(slot, to.body);
    if (!(await this.#bodies.write(body, bytes))) return false;
    if (!(await this.#swap(slot, from, to, body))) return false;
    // Before the old body goes: after a power failure one of the two labels has to have its own.
    await this.#bodies.syncDirectory(slot);
    await attempt(() => this.#disk.unlink(join(slot, from.body)));
    return true;
  }

  /** Changes the label and nothing else; false where it is not the key's now. */
  async relabel(key: string, from: Label, to: Label): Promise<boolean> {
    const slot = this.tree.pathOf(key);
    await this.tree.assertStraight(slot);
    return this.tree.rename(join(slot, nameOf(from)), join(slot, nameOf(to)));
  }

  /** Takes the key's record away; false where the label is not the key's now. The bodies stay. */
  unlabel(key: string, label: Label): Promise<boolean> {
    return this.tree.unlink(join(this.tree.pathOf(key), nameOf(label)));
  }

  /** Removes bodies by name, and the directory when that leaves it empty. No label may name them, now or later. */
  async clear(key: string, bodies: readonly string[]): Promise<void> {
    const slot = this.tree.pathOf(key);
    for (const body of bodies) await this.tree.unlink(join(slot, body));
    await this.tree.removeEmpty(slot);
  }

  async #prepare(directory: string, draft: Draft): Promise<void> {
    const label = { ...draft.label, body: newBodyName() };
    // Both have settled before anything is cleaned up.
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

  /** Renames the label, and removes the new body when it is certain that this did not happen. */
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
