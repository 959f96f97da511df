import { join } from "node:path";
import type { Disk } from "./disk.js";
import { tolerate, unavailable } from "./failure.js";
import { isBodyName, parseLabel } from "./label.js";
import type { Root } from "./root.js";

/**
 * The directories under a root: `<root>/<first two digits>/<key>`. What others have removed meanwhile is an answer;
 * rejects with other errors of the file system.
 */
export class Tree {
  readonly root: Root;
  readonly disk: Disk;

  constructor(root: Root, disk: Disk) {
    this.root = root;
    this.disk = disk;
  }

  /** The directory that a key shares with every 256th key. */
  fanOf(key: string): string {
    return join(this.root.path, key.slice(0, 2));
  }

  /** The directory of a key. */
  pathOf(key: string): string {
    return join(this.root.path, key.slice(0, 2), key);
  }

  /** The names in a directory; undefined where there is no directory. */
  list(path: string): Promise<readonly string[] | undefined> {
    return tolerate(["ENOENT", "ENOTDIR", "ELOOP"], undefined, () => this.disk.list(path));
  }

  /** False where there is nothing under the name. */
  rename(from: string, to: string): Promise<boolean> {
    return tolerate(["ENOENT", "ENOTDIR"], false, async () => {
      await this.disk.rename(from, to);
      return true;
    });
  }

  /** False where there is nothing under the name. */
  unlink(path: string): Promise<boolean> {
    return tolerate(["ENOENT", "ENOTDIR"], false, async () => {
      await this.disk.unlink(path);
      return true;
    });
  }

  /** A directory that is not empty stays. */
  async removeEmpty(directory: string): Promise<void> {
    await tolerate(["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"], undefined, () => this.disk.removeDirectory(directory));
  }

  /** Removes a directory that is nobody's any more, and in it what is ours. */
  async remove(directory: string): Promise<void> {
    for (const name of (await this.list(directory)) ?? []) {
      if (isBodyName(name) || parseLabel(name) !== undefined) await this.unlink(join(directory, name));
    }
    await this.removeEmpty(directory);
  }

  /** When something was last written, by the file system's clock: epoch milliseconds. Undefined where it is gone. */
  async writtenAt(path: string): Promise<number | undefined> {
    return (await tolerate(["ENOENT", "ENOTDIR"], undefined, () => this.disk.stat(path)))?.mtimeMs;
  }

  /** Whether no part of the path is a symbolic link. What is not there is none. */
  async isStraight(path: string): Promise<boolean> {
    return (await tolerate(["ENOENT", "ENOTDIR"], path, () => this.disk.resolve(path))) === path;
  }

  async assertStraight(path: string): Promise<void> {
    if (!(await this.isStraight(path))) throw inTheWay();
  }

  /** Makes the fan where there is none, and then answers true. */
  async ensureFan(fan: string): Promise<boolean> {
    const resolved = tolerate(["ENOENT"], undefined, () => this.disk.resolve(fan));
    const [path] = await Promise.all([resolved, this.assertRoot()]);
    if (path === fan) return false;
    if (path !== undefined) throw inTheWay();
    await tolerate(["EEXIST"], undefined, () => this.disk.makeDirectory(fan));
    await this.assertStraight(fan);
    return true;
  }

  /**
   * An unmounted volume is a store that is down, not one that has forgotten everybody; and what somebody else has put
   * in the place of the root is not ours to give out.
   */
  async assertRoot(): Promise<void> {
    const { path, device, inode, owner } = this.root;
    const stats = await tolerate(["ENOENT", "ENOTDIR"], undefined, () => this.disk.stat(path));
    if (stats?.dev !== device || stats.ino !== inode || stats.uid !== owner) {
      throw unavailable("the directory that was opened has gone, or another has come in its place");
    }
  }
}

/** The error for what was put where a session belongs. */
export function inTheWay(cause?: unknown): Error {
  return unavailable("a symbolic link, or a file that is not ours, is in the way of a session", cause);
}
