import { join } from "node:path";
import type { Disk } from "./disk.js";
import { tolerate, unavailable } from "./failure.js";
import { isBodyName, parseLabel } from "./label.js";
import type { Root } from "./root.js";

/** Taken when the module is loaded: sessions must be read under a test's fake timers too. */
const soon = setImmediate;

/**
 * The directories under a root: `<root>/<first two digits>/<key>`. A file that others have removed meanwhile is not an
 * error; rejects with other errors of the file system.
 */
export class Tree {
  readonly root: Root;
  readonly disk: Disk;
  #turn: Promise<{ readonly isRoot: Promise<boolean> }> | undefined;

  constructor(root: Root, disk: Disk) {
    this.root = root;
    this.disk = disk;
  }

  /** The directory that holds the directories of every 256th key. */
  fanOf(key: string): string {
    return join(this.root.path, key.slice(0, 2));
  }

  /** The directory of a key. */
  pathOf(key: string): string {
    return join(this.root.path, key.slice(0, 2), key);
  }

  /** The names in a directory; undefined when the directory does not exist. */
  list(path: string): Promise<readonly string[] | undefined> {
    return tolerate(["ENOENT", "ENOTDIR", "ELOOP"], undefined, () => this.disk.list(path));
  }

  /** False when `from` does not exist. */
  rename(from: string, to: string): Promise<boolean> {
    return tolerate(["ENOENT", "ENOTDIR"], false, async () => {
      await this.disk.rename(from, to);
      return true;
    });
  }

  /** False when the file does not exist. */
  unlink(path: string): Promise<boolean> {
    return tolerate(["ENOENT", "ENOTDIR"], false, async () => {
      await this.disk.unlink(path);
      return true;
    });
  }

  /** Removes a directory if it is empty. */
  async removeEmpty(directory: string): Promise<void> {
    await tolerate(["ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST"], undefined, () => this.disk.removeDirectory(directory));
  }

  /** Removes a directory that no key uses any more, with our files in it. */
  async remove(directory: string): Promise<void> {
    for (const name of (await this.list(directory)) ?? []) {
      if (isBodyName(name) || parseLabel(name) !== undefined) await this.unlink(join(directory, name));
    }
    await this.removeEmpty(directory);
  }

  /**
   * When a file was last written, in epoch milliseconds of the file system's clock; undefined when it does not exist.
   */
  async writtenAt(path: string): Promise<number | undefined> {
    return (await tolerate(["ENOENT", "ENOTDIR"], undefined, () => this.disk.stat(path)))?.mtimeMs;
  }

  /** Whether no part of the path is a symbolic link. A missing part counts as none. */
  async isStraight(path: string): Promise<boolean> {
    return (await tolerate(["ENOENT", "ENOTDIR"], path, () => this.disk.resolve(path))) === path;
  }

  async assertStraight(path: string): Promise<void> {
    if (!(await this.isStraight(path))) throw inTheWay();
  }

  /** Creates a missing fan; true if it did. */
  async ensureFan(fan: string): Promise<boolean> {
    const path = await this.checked(() => tolerate(["ENOENT"], undefined, () => this.disk.resolve(fan)));
    if (path === fan) return false;
    if (path !== undefined) throw inTheWay();
    await tolerate(["EEXIST"], undefined, () => this.disk.makeDirectory(fan));
    await this.assertStraight(fan);
    return true;
  }

  /**
   * Runs `work` and looks at the root meanwhile. An unmounted volume means that the store is down, not that all sessions
   * are gone. A directory that replaced the root must not be read. What is asked for in one turn of the event loop begins
   * together after it, with one look for all.
   */
  async checked<T>(work: () => Promise<T>): Promise<T> {
    this.#turn ??= new Promise((resolve) =>
      soon(() => {
        this.#turn = undefined;
        resolve({ isRoot: this.#isRoot() });
      }),
    );
    const { isRoot } = await this.#turn;
    const [result, isSame] = await Promise.all([work(), isRoot]);
    if (!isSame) throw unavailable("the directory that was opened has gone, or another has come in its place");
    return result;
  }

  async #isRoot(): Promise<boolean> {
    const { path, device, inode, owner } = this.root;
    const stats = await tolerate(["ENOENT", "ENOTDIR"], undefined, () => this.disk.stat(path));
    return stats?.dev === device && stats.ino === inode && stats.uid === owner;
  }
}

/** The error for a foreign file in the place of a session. */
export function inTheWay(cause?: unknown): Error {
  return unavailable("a symbolic link, or a file that is not ours, is in the way of a session", cause);
}
