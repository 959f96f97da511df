import { isUtf8 } from "node:buffer";
import { SessionError, type SessionRecord } from "@sess/core";
import type { Row } from "./statements.js";

/** Maximum bytes of a version, an owner or a `retired`. */
export const shortField = 255;
/** An upper bound of the bytes in a statement's packet besides the record's fields. */
const overhead = 1024;

/** The stored fields of a record, in the order of the columns after the key. */
export type StoredFields = readonly [
  version: Buffer,
  expires: number,
  owner: Buffer | null,
  retired: Buffer | null,
  data: Buffer,
];

/**
 * The fields of a record in their stored form. All text is UTF-8 bytes, which no collation or character set changes.
 * Throws a `SessionError` with `SESS_TOO_LARGE` when the server would not take a packet that holds them (`packetLimit`
 * in bytes) or a column would truncate one of them.
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

/** The row of {@link Sql.read} as a record; undefined when the row does not hold a record of ours. */
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

/** Whether the first column of a row holds the key. */
export function isAbout(row: Row, key: Buffer): boolean {
  return Buffer.isBuffer(row[0]) && row[0].equals(key);
}

/** A time in its stored form: rounded up to whole milliseconds, and at most the largest safe integer. */
export function encodeTime(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), Number.MAX_SAFE_INTEGER);
}

/** A text in its stored form for a short column. */
export function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  // A server that is not in strict mode would truncate it silently.
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
