import { crc32 } from "node:zlib";
import { SessionError, type SessionRecord } from "@sess/core";
import { newerLayout } from "./failure.js";
import { digest, type Label, labelOf, largestBody } from "./label.js";

/**
 * The contents of a record's file. The expiry is not in it: the label holds that.
 *
 * ```text
 * sess1 <crc32> <key> <version> <owner> <retired> <data>\n
 * ```
 *
 * The last four are lengths in bytes, or `-` for an absent field; the fields follow the line in that order. The
 * checksum covers everything after itself.
 */
const layout = /^sess1 ([0-9a-f]{8}) ([0-9a-f]{64}) (\d{1,8}) (\d{1,8}|-) (\d{1,8}|-) (\d{1,8})\n/;
/** Where the part covered by the checksum begins: after `sess1 `, the checksum and a space. */
const covered = 15;
/** Maximum length of the first line in bytes. */
const lineLimit = 128;

/** A record in the form in which it will be stored. Later changes of the caller's record do not affect it. */
export interface Draft {
  /** Without the body's name: each attempt to store the record takes a new one. */
  readonly label: Omit<Label, "body">;
  readonly bytes: Buffer;
}

/** Throws a `SessionError` with `SESS_TOO_LARGE`. */
export function draftOf(key: string, record: SessionRecord): Draft {
  const bytes = encodeBody(key, record);
  return { bytes, label: labelOf(record, bytes.length) };
}

function encodeBody(key: string, { version, owner, retired, data }: SessionRecord): Buffer {
  const lengths = [version, owner, retired, data].map((field) =>
    field === undefined ? "-" : String(Buffer.byteLength(field)),
  );
  const rest = Buffer.from(`${key} ${lengths.join(" ")}\n${version}${owner ?? ""}${retired ?? ""}${data}`);
  if (rest.length + covered > largestBody) {
    throw new SessionError("SESS_TOO_LARGE", `file provider: a record may have ${largestBody} bytes at most`);
  }
  return Buffer.concat([Buffer.from(`sess1 ${crc32(rest).toString(16).padStart(8, "0")} `), rest]);
}

/**
 * The record in a file; undefined when the file is torn, or is not the one that the key's label names. Throws a
 * `SessionError` with `SESS_ENVELOPE` when a later version of this package wrote it.
 */
export function decodeBody(bytes: Buffer, key: string, label: Label): SessionRecord | undefined {
  const line = bytes.toString("latin1", 0, lineLimit);
  const match = layout.exec(line);
  if (match === null && /^sess\d+ /.test(line) && !line.startsWith("sess1 ")) throw newerLayout();
  const [header = "", sum, itsKey, ...lengths] = match ?? [];
  if (itsKey !== key || Number.parseInt(sum ?? "", 16) !== crc32(bytes.subarray(covered))) return undefined;
  const [version = "", owner, retired, data = ""] = cut(bytes, header.length, lengths);
  if (digest(version) !== label.version || (retired !== undefined) !== label.isMarker) return undefined;
  return {
    data,
    version,
    expiresAt: label.expiresAt,
    ...(owner !== undefined && { owner }),
    ...(retired !== undefined && { retired }),
  };
}

function cut(bytes: Buffer, start: number, lengths: readonly string[]): (string | undefined)[] {
  let at = start;
  return lengths.map((length) => {
    if (length === "-") return undefined;
    const from = at;
    at += Number(length);
    return bytes.toString("utf8", from, at);
  });
}
