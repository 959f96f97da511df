import { lstat, statfs } from "node:fs/promises";
import type { Finding } from "@sess/core";
import type { Slots } from "./slots.js";

/** Less space than this is soon full, in bytes. */
const little = 100_000_000;

/** What an operator should know of the directory. */
export async function diagnose({ root, durable }: Pick<Slots, "root" | "durable">): Promise<Finding[]> {
  const name = JSON.stringify(root.path);
  const findings: Finding[] = [];
  const stats = await lstat(root.path);
  const isSame = stats.dev === root.device && stats.ino === root.inode;
  if (!isSame) findings.push({ subject: "directory", state: "problem", text: `${name} was replaced by another one` });
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  const isOpen = (stats.mode & 0o055) !== 0 && process.geteuid !== undefined;
  const text = isOpen ? `${name} can be read by others (${mode}): chmod 700 it` : `${name}, mode ${mode}`;
  findings.push({ subject: "directory", state: isOpen ? "warning" : "fine", text });
  const { bavail, bsize, ffree, files } = await statfs(root.path);
  const space = bavail * bsize;
  const isFull = space < little || (files > 0 && ffree < 10_000);
  const free = `${Math.round(space / 1_000_000)} MB and ${files > 0 ? ffree : "any number of"} files free`;
  findings.push({ subject: "space", state: isFull ? "problem" : "fine", text: free });
  const kept = durable
    ? "an acknowledged write survives a power failure"
    : "not durable: a power failure may lose the last writes";
  findings.push({ subject: "durability", state: "fine", text: kept });
  return findings;
}
