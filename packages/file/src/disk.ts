import { close, constants, fsync, open, read, type Stats, write } from "node:fs";
import { lstat, mkdir, readdir, realpath, rename, rmdir, unlink } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { codeOf } from "./failure.js";

/**
 * The operations of the file system that this package uses. Each method is one call and rejects as `node:fs` does. A
 * directory is listed in one call: a handle open between two calls would stay open if the second call never came.
 */
export interface Disk {
  list(directory: string): Promise<readonly string[]>;
  /** The names of the directories in a directory, without symbolic links. */
  listDirectories(directory: string): Promise<readonly string[]>;
  openToRead(path: string): Promise<number>;
  /** A new file with mode 0600. */
  openNew(path: string): Promise<number>;
  /** Resolves to the number of bytes. */
  read(fd: number, into: Buffer, from: number): Promise<number>;
  /** Resolves to the number of bytes. */
  write(fd: number, bytes: Buffer, from: number): Promise<number>;
  sync(fd: number): Promise<void>;
  close(fd: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** A new directory with mode 0700. */
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** The path without any symbolic link in it. */
  resolve(path: string): Promise<string>;
  /** The status of the entry itself, even if it is a symbolic link. */
  stat(path: string): Promise<Stats>;
}

// Opening a FIFO in the place of a file must not block a thread, and a symbolic link is never followed. Windows has
// neither flag.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

const openFile = promisify(open);
const readFile = promisify(read);
const writeFile = promisify(write);

/** The real file system. */
export const disk: Disk = {
  list: (directory) => readdir(directory),
  listDirectories,
  openToRead: (path) => openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
  openNew: (path) => openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
  read: async (fd, into, from) => (await readFile(fd, into, from, into.length - from, null)).bytesRead,
  write: async (fd, bytes, from) => (await writeFile(fd, bytes, from, bytes.length - from, null)).bytesWritten,
  sync: promisify(fsync),
  close: promisify(close),
  rename: process.platform === "win32" ? renameOnWindows : rename,
  unlink,
  makeDirectory: (path) => mkdir(path, { mode: 0o700 }),
  removeDirectory: rmdir,
  resolve: (path) => realpath(path),
  stat: lstat,
};

async function listDirectories(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/**
 * Virus scanners and indexers open files for a moment, and a rename fails meanwhile. It is tried again for a second.
 */
async function renameOnWindows(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (tries === 12 || !["EPERM", "EACCES", "EBUSY"].includes(codeOf(error))) throw error;
      await pause(Math.random() * 16 * tries);
    }
  }
}
