import { hash, randomBytes } from "node:crypto";
import type { SessionRecord } from "@sess/core";

/**
 * The state of a key is the *name* of one empty file in the key's directory, its label:
 *
 * ```text
 * h1-<s|m>-<expiresAt>-<version>-<body>-<size>-<turn>-<owner>
 * ```
 *
 * `s` is a session, `m` a marker. Version and owner are digests. The body is the file beside the label that holds the
 * rest of the record. No name is ever used twice under a key: each body has a random name, and the expiry and `turn` of
 * one body only grow. That makes `rename(label, next label)` a compare-and-replace; see decisions/001.
 *
 * A change of this layout needs a new number after `h`, and the old one must still be readable: in a rolling deploy,
 * both versions work on the same records.
 */
export interface Label {
  readonly isMarker: boolean;
  /** Epoch milliseconds, a safe integer. */
  readonly expiresAt: number;
  /** {@link digest} of the record's version. */
  readonly version: string;
  /** The name of the body. */
  readonly body: string;
  /** Bytes in the body. */
  readonly size: number;
  /** Incremented by gc, so that the rename of a concurrent writer fails and the writer looks again. */
  readonly turn: number;
  /** {@link digest} of the owner; "0" when there is none. */
  readonly owner: string;
}

/** Maximum bytes of one record; more is SESS_TOO_LARGE. */
export const largestBody = 16 * 1024 * 1024;

const layout = /^h1-([sm])-(\d{16})-([0-9a-f]{32})-(b-[0-9a-f]{24})-(\d{1,8})-(\d{1,9})-([0-9a-f]{32}|0)$/;
const bodyLayout = /^b-[0-9a-f]{24}$/;

/** The label of a record that is about to be stored, without the name of its body. `size` is in bytes. */
export function labelOf(record: SessionRecord, size: number): Omit<Label, "body"> {
  return {
    isMarker: record.retired !== undefined,
    expiresAt: wholeTime(record.expiresAt),
    version: digest(record.version),
    size,
    turn: 0,
    owner: record.owner === undefined ? "0" : digest(record.owner),
  };
}

/** The file's name. It is lowercase and under 143 bytes, so that every file system in use keeps it unchanged. */
export function nameOf({ isMarker, expiresAt, version, body, size, turn, owner }: Label): string {
  const time = String(expiresAt).padStart(16, "0");
  return `h1-${isMarker ? "m" : "s"}-${time}-${version}-${body}-${size}-${turn}-${owner}`;
}

/** The label with this name; undefined when this version does not read it. */
export function parseLabel(name: string): Label | undefined {
  const [, kind, time, version = "", body = "", size, turn, owner = ""] = layout.exec(name) ?? [];
  if (kind === undefined || Number(size) > largestBody) return undefined;
  const numbers = { expiresAt: Number(time), size: Number(size), turn: Number(turn) };
  return { isMarker: kind === "m", version, body, owner, ...numbers };
}

/** Whether a later version of this package wrote the label. */
export function isLaterLabel(name: string): boolean {
  return /^h\d+-/.test(name) && !name.startsWith("h1-");
}

/** A name that has never been used. */
export function newBodyName(): string {
  return `b-${randomName()}`;
}

export function isBodyName(name: string): boolean {
  return bodyLayout.test(name);
}

/** 96 random bits in hexadecimal. */
export function randomName(): string {
  return randomBytes(12).toString("hex");
}

/** 128 bits of SHA-256 in hexadecimal: versions and owners may be any text, but names of files may not. */
export function digest(text: string): string {
  return hash("sha256", text, "hex").slice(0, 32);
}

/** A time rounded up to whole milliseconds and limited to the times that a label can hold. */
export function wholeTime(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms) || 0, 0), Number.MAX_SAFE_INTEGER);
}
