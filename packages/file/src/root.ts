import type { Stats } from "node:fs";
import { lstat, mkdir, realpath, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { SessionError } from "@sess/core";
import { refusal } from "./config.js";
import { codeOf, tolerate, unavailable } from "./failure.js";
import { randomName } from "./label.js";

/** The directory that everything is kept in, as it was when it was opened. */
export interface Root {
  /** Without a symbolic link in it. */
  readonly path: string;
  /** Which directory that is: another may come in its place. */
  readonly device: number;
  readonly inode: number;
}

/**
 * Makes the directory where there is none, and refuses one that is not safe: rejects with `SESS_CONFIG` or
 * `SESS_UNAVAILABLE`, see {@link file}.
 */
export async function openRoot(directory: string): Promise<Root> {
  const name = JSON.stringify(directory);
  try {
    const before = await tolerate(["ENOENT"], undefined, () => lstat(directory));
    if (before !== undefined) assertSafe(name, before);
    else await mkdir(directory, { recursive: true, mode: 0o700 });
    const stats = await lstat(directory);
    assertSafe(name, stats);
    await assertWritable(directory);
    return { path: await realpath(directory), device: stats.dev, inode: stats.ino };
  } catch (error) {
    if (error instanceof SessionError) throw error;
    if (["EEXIST", "ENOTDIR"].includes(codeOf(error))) throw refusal(`directory ${name} leads through a file`);
    throw unavailable(`the directory ${name} cannot be used (${codeOf(error)})`, error);
  }
}

function assertSafe(name: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw refusal(`directory ${name} is a symbolic link: configure what it points to`);
  if (!stats.isDirectory()) throw refusal(`directory ${name} is no directory`);
  // Windows has neither owners nor modes of this kind: there the access control list of the parent decides.
  if (process.geteuid === undefined) return;
  if (stats.uid !== process.geteuid()) throw refusal(`directory ${name} belongs to another user`);
  if ((stats.mode & 0o022) !== 0) {
    throw refusal(`directory ${name} can be written to by its group or by others: chmod 700 it`);
  }
}

/** By trying: what the modes say is not all there is to it. */
async function assertWritable(directory: string): Promise<void> {
  const probe = join(directory, `t-${randomName()}`);
  await mkdir(probe, { mode: 0o700 });
  await rmdir(probe);
}
