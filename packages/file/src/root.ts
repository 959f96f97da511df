import { constants, type Stats } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isSessionError } from "@sess/core";
import { refusal } from "./config.js";
import { codeOf, tolerate, unavailable } from "./failure.js";
import { randomName } from "./label.js";

// Windows lacks the last two, and the code that uses them does not run there.
const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants;

/** The root directory, as it was when it was opened. */
export interface Root {
  /** The path without symbolic links. */
  readonly path: string;
  /** Identifies the directory, since another one may take its place. */
  readonly device: number;
  readonly inode: number;
  /** The user who owns it. Needed because an inode number may be used again after a directory was removed. */
  readonly owner: number;
}

/**
 * Creates a missing directory, and refuses an unsafe one: rejects with `SESS_CONFIG` or `SESS_UNAVAILABLE`, see {@link
 * file}.
 */
export async function openRoot(directory: string): Promise<Root> {
  const name = JSON.stringify(directory);
  try {
    const before = await tolerate(["ENOENT"], undefined, () => lstat(directory));
    if (before === undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
    else await takeFromGroup(name, directory, before);
    assertSafe(name, directory, await lstat(directory));
    const path = await realpath(directory);
    const stats = await lstat(path);
    assertSafe(name, directory, stats);
    await assertWritable(path);
    return { path, device: stats.dev, inode: stats.ino, owner: stats.uid };
  } catch (error) {
    if (isSessionError(error)) throw error;
    if (["EEXIST", "ENOTDIR"].includes(codeOf(error))) throw refusal(`directory ${name} leads through a file`);
    throw unavailable(`the directory ${name} cannot be used (${codeOf(error)})`, error);
  }
}

/**
 * At each start, Kubernetes gives a volume (`fsGroup`) and everything in it to a group with write access, and sets the
 * setgid bit. This takes the access of the group away again.
 */
async function takeFromGroup(name: string, directory: string, stats: Stats): Promise<void> {
  if (!isOurs(stats) || !stats.isDirectory() || (stats.mode & 0o2022) !== 0o2020)
    return assertSafe(name, directory, stats);
  // If the directory holds other files too, it is not ours to change.
  if (!(await readdir(directory)).every(isOurName)) return assertSafe(name, directory, stats);
  const handle = await open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const { dev, ino } = await handle.stat();
    if (dev === stats.dev && ino === stats.ino) await handle.chmod(0o700);
  } finally {
    await handle.close();
  }
}

/** A fan, or the rest of a write test. `lost+found` is in the root of every volume. */
function isOurName(name: string): boolean {
  return /^(?:[0-9a-f]{2}|t-[0-9a-f]{24}|lost\+found)$/.test(name);
}

function assertSafe(name: string, directory: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw refusal(`directory ${name} is a symbolic link: configure what it points to`);
  if (!stats.isDirectory()) throw refusal(`directory ${name} is no directory`);
  // Windows has no owners and modes of this kind; there the access control list of the parent decides.
  if (process.geteuid === undefined) return;
  const mayWrite = process.getgroups?.().includes(stats.gid) && (stats.mode & 0o020) !== 0;
  if (!isOurs(stats)) {
    const within = `configure a directory in it, such as ${JSON.stringify(join(directory, "sessions"))}, and it is made`;
    const why = mayWrite ? `, as the root of a volume does: ${within}` : "";
    throw refusal(`directory ${name} belongs to another user${why}`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw refusal(`directory ${name} can be written to by its group or by others: chmod 700 it`);
  }
}

function isOurs(stats: Stats): boolean {
  return process.geteuid !== undefined && stats.uid === process.geteuid();
}

/** Checked by writing, since modes alone do not decide. */
async function assertWritable(directory: string): Promise<void> {
  const probe = join(directory, `t-${randomName()}`);
  await mkdir(probe, { mode: 0o700 });
  await rmdir(probe);
}
