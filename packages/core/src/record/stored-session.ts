import { type FieldLength, isIntact, parseHeader, type RecentWrites } from "../backend/envelope-header.js";
import { SessionError } from "../errors.js";
import type { SessionRecord } from "../provider.js";
import type { Fields } from "./changes.js";

export type { RecentWrites };

/** A record as core understands it. */
export interface StoredSession {
  readonly version: string;
  readonly expiresAt: number;
  readonly owner: string | undefined;
  /** On a marker: the successor's key, or `""`. */
  readonly retired: string | undefined;
  /** Epoch milliseconds; 0 on a marker. */
  readonly created: number;
  /** When it was last written, epoch milliseconds; 0 on a marker. */
  readonly saved: number;
  /** Idle lifetime of this session alone, ms. */
  readonly lifetime: number | undefined;
  /** The absolute end, epoch milliseconds; Infinity when there is none. */
  readonly absolute: number;
  readonly recentWrites: RecentWrites;
  readonly fields: Fields;
  /** Of a token: marks of the ids in whose place its session was put. */
  readonly over?: readonly string[] | undefined;
}

// The envelope inside `SessionRecord.data`: one line of JSON, then the fields' encoded values end to end. Their lengths
// stand in the header, so that reading one field decodes that field only and merging decodes none.
const envelopeVersion = 1;

/** The record to store. */
export function encodeEnvelope(stored: StoredSession): SessionRecord {
  return {
    data: envelope(stored),
    version: stored.version,
    expiresAt: stored.expiresAt,
    ...(stored.owner !== undefined && { owner: stored.owner }),
    ...(stored.retired !== undefined && { retired: stored.retired }),
  };
}

/** An `EnvelopeHeader` in JSON, and the fields. Put together by hand: `JSON.stringify` takes five times as long. */
function envelope({ retired, created, saved, lifetime, absolute, recentWrites, fields, over }: StoredSession): string {
  let header = `{"e":${envelopeVersion}`;
  if (retired === undefined) header += `,"c":${json(created)},"s":${json(saved)}`;
  if (lifetime !== undefined) header += `,"l":${json(lifetime)}`;
  if (absolute !== Number.POSITIVE_INFINITY) header += `,"a":${json(absolute)}`;
  if (over !== undefined) header += `,"o":${JSON.stringify(over)}`;
  let separator = ',"p":[';
  for (const entry of recentWrites) {
    header += `${separator}[${entry.map(json).join(",")}]`;
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
 * What a record says; `undefined` when its data is no envelope of any version, which is "no session".
 *
 * An intact envelope of another version is `SESS_ENVELOPE`: during a rolling deploy nobody is to be logged out for
 * having met a newer process.
 */
export function decodeEnvelope(record: SessionRecord): StoredSession | undefined {
  const end = record.data.indexOf("\n");
  const header = end < 0 ? undefined : parseHeader(record.data.slice(0, end));
  if (header === undefined) return undefined;
  if (header.e !== envelopeVersion) {
    throw new SessionError("SESS_ENVELOPE", `this session was stored in format ${header.e}, which is not known here`);
  }
  const fields = isIntact(header) ? slice(record.data, end + 1, header.f ?? []) : undefined;
  if (fields === undefined) return undefined;
  return {
    version: record.version,
    expiresAt: record.expiresAt,
    owner: record.owner,
    retired: record.retired,
    created: header.c ?? 0,
    saved: header.s ?? 0,
    lifetime: header.l,
    absolute: header.a ?? Number.POSITIVE_INFINITY,
    recentWrites: header.p,
    fields,
    ...(header.o !== undefined && { over: header.o }),
  };
}

/**
 * The same for whoever ends what is there, which needs none of its fields: also of a record that is damaged, or of
 * another version.
 */
export function openToEnd(record: SessionRecord): StoredSession {
  try {
    return decodeEnvelope(record) ?? closedBook(record);
  } catch {
    return closedBook(record);
  }
}

/** What the provider says of a record by itself. */
function closedBook({ version, expiresAt, owner, retired }: SessionRecord): StoredSession {
  const absolute = Number.POSITIVE_INFINITY;
  const rest = { created: 0, saved: 0, lifetime: undefined, absolute, recentWrites: [], fields: new Map() };
  return { version, expiresAt, owner, retired, ...rest };
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
