import { SessionError, type SessionRecord } from "@sess/core";

/**
 * The form of a record in Redis: one string with a header line and a body.
 *
 * ```text
 * sess1 <key> <expiresAt> <indexedUntil> <version> <owner> <retired> <data>\n
 * ```
 *
 * The key is the record's own. The two times are epoch milliseconds in exactly {@link timeWidth} digits, so that a
 * script can rewrite them in place. The last four are lengths in bytes, or `-` for an absent field; the fields follow
 * the header in that order. `indexedUntil` is explained in owners.ts.
 *
 * A change of this layout needs a new number after `sess`, and the old one must still be readable: in a rolling deploy,
 * both versions work on the same records.
 */
const layout = /^sess1 ([0-9a-f]{64}) (\d{16}) (\d{16}) (\d{1,9}) (\d{1,9}|-) (\d{1,9}|-) (\d{1,9})\n/;

/** The width of a time in the header: every safe integer fits. */
export const timeWidth = 16;
/** Where the two times begin: after `sess1 `, the key and a space. */
export const timesOffset = 71;
/** Maximum length of a header in bytes. */
export const headerLimit = 160;
/** Epoch milliseconds of an index entry that was never written. */
export const never = 0;

/** The contents of the header. */
export interface Header {
  readonly key: string;
  readonly expiresAt: number;
  readonly marker: boolean;
}

/** A whole record and the key it was written for. */
export interface StoredRecord {
  readonly key: string;
  readonly record: SessionRecord;
}

/**
 * A time as the header and the scripts write it: rounded up to whole milliseconds, and at most the largest safe
 * integer.
 */
export function encodeTime(ms: number): string {
  const whole = Math.min(Math.max(Math.ceil(ms), 0), Number.MAX_SAFE_INTEGER);
  return String(whole).padStart(timeWidth, "0");
}

/** The value stored under a key. `indexedUntil` is in epoch milliseconds, {@link never} without an owner. */
export function encodeRecord(key: string, record: SessionRecord, indexedUntil: number): string {
  const { version, owner, retired, data } = record;
  const times = `${encodeTime(record.expiresAt)} ${encodeTime(indexedUntil)}`;
  const lengths = `${lengthOf(version)} ${lengthOf(owner)} ${lengthOf(retired)} ${lengthOf(data)}`;
  return `sess1 ${key} ${times} ${lengths}\n${version}${owner ?? ""}${retired ?? ""}${data}`;
}

/**
 * The record in a stored value; undefined when the value is torn or not a record of ours. Throws a `SessionError` with
 * `SESS_ENVELOPE` when a later version of this package wrote it.
 */
export function decodeRecord(value: string): StoredRecord | undefined {
  const match = matchHeader(value);
  if (match === null) return undefined;
  const [header, key = "", expiresAt, , ...lengths] = match;
  const fields = split(value, header.length, lengths);
  if (fields === undefined) return undefined;
  const [version = "", owner, retired, data = ""] = fields;
  const optional = { ...(owner !== undefined && { owner }), ...(retired !== undefined && { retired }) };
  return { key, record: { data, version, expiresAt: Number(expiresAt), ...optional } };
}

/**
 * The contents of the first {@link headerLimit} bytes of a value; undefined when they are not a header that this
 * version reads.
 */
export function decodeHeader(value: string): Header | undefined {
  const match = layout.exec(value);
  if (match === null) return undefined;
  return { key: match[1] ?? "", expiresAt: Number(match[2]), marker: match[6] !== "-" };
}

/** The error for a record that only a later version of this package can read. */
export function newerLayout(): SessionError {
  return new SessionError("SESS_ENVELOPE", "a later version of @sess/redis wrote this record");
}

/** The text of an answer, which a client may return as bytes; undefined for anything else. */
export function textOf(answer: unknown): string | undefined {
  if (typeof answer === "string") return answer;
  return answer instanceof Uint8Array ? Buffer.from(answer).toString() : undefined;
}

function matchHeader(value: string): RegExpExecArray | null {
  const match = layout.exec(value);
  if (match === null && /^sess\d+ /.test(value) && !value.startsWith("sess1 ")) throw newerLayout();
  return match;
}

/** Cuts the body by lengths in bytes; undefined when its length differs from their sum. */
function split(value: string, start: number, lengths: readonly string[]): (string | undefined)[] | undefined {
  const total = lengths.reduce((sum, length) => sum + (length === "-" ? 0 : Number(length)), 0);
  if (Buffer.byteLength(value) - start !== total) return undefined;
  const plainAscii = value.length - start === total;
  if (plainAscii) return cut(lengths, start, (from, to) => value.slice(from, to));
  const bytes = Buffer.from(value);
  return cut(lengths, start, (from, to) => bytes.toString("utf8", from, to));
}

function cut(
  lengths: readonly string[],
  start: number,
  slice: (from: number, to: number) => string,
): (string | undefined)[] {
  let at = start;
  return lengths.map((length) => {
    if (length === "-") return undefined;
    const from = at;
    at += Number(length);
    return slice(from, at);
  });
}

function lengthOf(field: string | undefined): string {
  return field === undefined ? "-" : String(Buffer.byteLength(field));
}
