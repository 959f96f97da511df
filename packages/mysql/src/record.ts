import { isUtf8 } from "node:buffer";
import { SessionError, type SessionRecord } from "@sess/core";
import type { Row } from "./statements.js";

/** Most bytes of a version, an owner or a `retired`. */
export const shortField = 255;
/** What a statement needs besides the fields of a record, in bytes, and more. */
const overhead = 1024;

/** What is stored of a record, in the order of the columns after the key. */
export type StoredFields = readonly [
  version: Buffer,
  expires: number,
  owner: Buffer | null,
  retired: Buffer | null,
  data: Buffer,
];

/**
 * A record's fields as they are stored: all text as UTF-8 bytes, which no collation and no character set of a
 * connection touches. Throws a `SessionError` with `SESS_TOO_LARGE` when the server would not take a packet that holds
 * them (`packetLimit` in bytes) or a column would cut one of them short.
 */
export function encodeRecord(record: SessionRecord, packetLimit: number): StoredFields {
  const data = Buffer.from(record.data);
  if (data.length + 3 * shortField + overhead > packetLimit) {
    const limit = `a packet to the server may have ${packetLimit} (max_allowed_packet)`;
    throw new SessionError("SESS_TOO_LARGE", `mysql: the session needs ${data.length} bytes and more, and ${limit}`);
  }
  const { version, owner, retired, expiresAt } = record;
  return [short(version), encodeTime(expiresAt), nullable(owner), nullable(retired), data];
}

/** The row of {@link Sql.read} as a record; undefined when it is none of ours. */
export function decodeRecord(row: Row): SessionRecord | undefined {
  const [, version, expires, owner, retired, data] = row;
  if (!isText(version) || !isText(data)) return undefined;
  if (!(owner === null || isText(owner)) || !(retired === null || isText(retired))) return undefined;
  const expiresAt = Number(expires);
  if (!Number.isSafeInteger(expiresAt)) return undefined;
  return {
    data: data.toString(),
    version: version.toString(),
    expiresAt,
    ...(owner !== null && { owner: owner.toString() }),
    ...(retired !== null && { retired: retired.toString() }),
  };
}

/** A key as it is stored: its 32 bytes. */
export function encodeKey(key: string): Buffer {
  return Buffer.from(key, "hex");
}

/** Whether a row's first column is a key. */
export function isAbout(row: Row, key: Buffer): boolean {
  return Buffer.isBuffer(row[0]) && row[0].equals(key);
}

/**
 * A time as it is stored: a fraction of a millisecond is rounded up, and what is beyond the safe integers becomes the
 * last of them.
 */
export function encodeTime(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), Number.MAX_SAFE_INTEGER);
}

/** A text as it is stored in a short column. */
export function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  // A server that is not strict would cut it off and say nothing.
  if (bytes.length > shortField) {
    throw new SessionError("SESS_TOO_LARGE", `mysql: a field of the record has more than ${shortField} bytes`);
  }
  return bytes;
}

function nullable(text: string | undefined): Buffer | null {
  return text === undefined ? null : short(text);
}

function isText(value: unknown): value is Buffer {
  return Buffer.isBuffer(value) && isUtf8(value);
}
