import { SessionError } from "../errors.js";
import { longestLifetime } from "../limits.js";
import type { SessionRecord } from "../provider.js";
import type { RecentWrites, StoredSession } from "./stored-session.js";

// The envelope inside `SessionRecord.data`: one line of JSON, then the fields' encoded values end to end. Their lengths
// stand in the header, so that reading one field decodes that field only and merging decodes none.
const envelopeVersion = 1;

/** A field's name, and the length of its text in UTF-16 code units. */
type FieldLength = readonly [name: string, length: number];

/** The first line of what is stored of a session, as JSON. */
interface EnvelopeHeader {
  /** The envelope's version. */
  readonly e: number;
  /** When it was created, epoch ms; like the others it is left out where there is none. */
  readonly c?: number;
  /** When it was saved last, epoch ms. */
  readonly s?: number;
  /** The idle lifetime of this session alone, ms. */
  readonly l?: number;
  /** The absolute end, epoch ms. */
  readonly a?: number;
  /** The owner's name, sealed for the id. */
  readonly w?: string;
  /** The handle, after the first new id. */
  readonly h?: string;
  /** The version of the application's fields. */
  readonly v?: number;
  /** Marks of the ids in whose place the session was put. */
  readonly o?: readonly string[];
  /** The last batches of those who wrote it. */
  readonly p: RecentWrites;
  readonly f?: readonly FieldLength[];
}

/** The record to store. */
export function encodeEnvelope(stored: StoredSession): SessionRecord {
  const { version, expiresAt, owner, retired } = stored;
  const record = { data: envelope(stored), version, expiresAt };
  if (owner === undefined && retired === undefined) return record;
  return { ...record, ...(owner !== undefined && { owner }), ...(retired !== undefined && { retired }) };
}

/** An `EnvelopeHeader` in JSON, and the fields. Put together by hand: `JSON.stringify` takes five times as long. */
function envelope(stored: StoredSession): string {
  const { retired, created, saved, lifetime, absolute, ownerName, handle, schemaVersion, recentWrites, fields, over } =
    stored;
  let header = `{"e":${envelopeVersion}`;
  if (retired === undefined) header += `,"c":${json(created)},"s":${json(saved)}`;
  if (lifetime !== undefined) header += `,"l":${json(lifetime)}`;
  if (absolute !== Number.POSITIVE_INFINITY) header += `,"a":${json(absolute)}`;
  if (ownerName !== undefined) header += `,"w":${json(ownerName)}`;
  if (handle !== undefined) header += `,"h":${json(handle)}`;
  if (schemaVersion !== undefined) header += `,"v":${json(schemaVersion)}`;
  if (over !== undefined) header += `,"o":${JSON.stringify(over)}`;
  let separator = ',"p":[';
  for (const [managerId, writeId, time] of recentWrites) {
    header += `${separator}[${json(managerId)},${json(writeId)},${json(time)}]`;
    separator = ",";
  }
  header += recentWrites.length === 0 ? ',"p":[]' : "]";
  separator = ',"f":[';
  let texts = "";
  for (const [name, text] of fields) {
    header += `${separator}[${json(name)},${text.length}]`;
    separator = ",";
    texts += text;
  }
  return `${header}${fields.size === 0 ? "" : "]"}}\n${texts}`;
}

/** As `JSON.stringify` does it, which is left to do it where something might have to be escaped. */
function json(value: string | number): string {
  if (typeof value === "string" && /^[\w-]*$/.test(value)) return `"${value}"`;
  return Number.isInteger(value) ? `${value}` : JSON.stringify(value);
}

/**
 * The session in a record; `undefined` if its data is not an envelope of any version, which means "no session".
 *
 * An intact envelope of another version is `SESS_ENVELOPE`: a rolling deploy must not log out users who reach an older
 * process.
 */
export function decodeEnvelope(record: SessionRecord): StoredSession | undefined {
  const end = record.data.indexOf("\n");
  const header = end < 0 ? undefined : parseHeader(record.data.slice(0, end));
  if (header === undefined) return undefined;
  if (header.e !== envelopeVersion) {
    throw new SessionError("SESS_ENVELOPE", `this session was stored in format ${header.e}, which is not known here`);
  }
  // rule: a-damaged-header-is-no-session
  const fields = isIntact(header) ? slice(record.data, end + 1, header.f ?? []) : undefined;
  if (fields === undefined) return undefined;
  return {
    version: record.version,
    expiresAt: record.expiresAt,
    owner: record.owner,
    ownerName: record.owner === undefined ? undefined : header.w,
    retired: record.retired,
    created: header.c ?? 0,
    saved: header.s ?? 0,
    lifetime: header.l,
    absolute: header.a ?? Number.POSITIVE_INFINITY,
    recentWrites: header.p,
    handle: header.h,
    schemaVersion: header.v,
    fields,
    over: header.o,
  };
}

/**
 * As {@link decodeEnvelope}, for ending the session, which needs no fields: also accepts a damaged record or one of
 * another version.
 */
export function openToEnd(record: SessionRecord): StoredSession {
  try {
    return decodeEnvelope(record) ?? closedBook(record);
  } catch {
    return closedBook(record);
  }
}

/** The contents of a record that the provider tells without its data. */
function closedBook({ version, expiresAt, owner, retired }: SessionRecord): StoredSession {
  const absolute = Number.POSITIVE_INFINITY;
  const none = { lifetime: undefined, ownerName: undefined, handle: undefined, schemaVersion: undefined };
  const rest = { created: 0, saved: 0, absolute, recentWrites: [], fields: new Map() };
  return { version, expiresAt, owner, retired, ...none, ...rest };
}

function slice(data: string, start: number, lengths: readonly FieldLength[]): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  let at = start;
  for (const [name, length] of lengths) {
    fields.set(name, data.slice(at, at + length));
    at += length;
  }
  return at === data.length && fields.size === lengths.length ? fields : undefined;
}

/** A header of any version; `undefined` if the line is not a header. Only its version has been checked. */
function parseHeader(line: string): EnvelopeHeader | undefined {
  try {
    const header: unknown = JSON.parse(line);
    const hasVersion = typeof header === "object" && header !== null && "e" in header;
    return hasVersion && isCount(header.e) ? (header as EnvelopeHeader) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a header of the present version is complete; the store may have damaged it. */
function isIntact({ c, s, l, a, w, h, v, o, p, f }: EnvelopeHeader): boolean {
  return (
    isTimeOrAbsent(c) &&
    isTimeOrAbsent(s) &&
    isTimeOrAbsent(a) &&
    (l === undefined || (isCount(l) && l <= longestLifetime * 1000)) &&
    (w === undefined || typeof w === "string") &&
    (h === undefined || typeof h === "string") &&
    (v === undefined || isCount(v)) &&
    (o === undefined || (Array.isArray(o) && o.every((mark) => typeof mark === "string"))) &&
    isListOf(p, isRecentWrites) &&
    (f === undefined || isListOf(f, isFieldLength))
  );
}

/** What a `Date` can hold (ECMA-262, section 21.4.1.1). */
const latestTime = 8.64e15;

function isTime(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= latestTime;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || isTime(value);
}

function isListOf(list: unknown, test: (entry: readonly unknown[]) => boolean): boolean {
  return Array.isArray(list) && list.every((entry: unknown) => Array.isArray(entry) && test(entry));
}

function isRecentWrites(entry: readonly unknown[]): boolean {
  return entry.length === 3 && typeof entry[0] === "string" && typeof entry[1] === "string" && isTime(entry[2]);
}

function isFieldLength(entry: readonly unknown[]): boolean {
  return entry.length === 2 && typeof entry[0] === "string" && (entry[1] === 0 || isCount(entry[1]));
}
