import { isWhole, longestLifetime } from "../config/checks.js";

/** The last batch of each Manager that wrote a record of late, and when (epoch ms). */
export type RecentWrites = readonly (readonly [managerId: string, writeId: string, time: number])[];

/** A field's name, and the length of its text in UTF-16 code units. */
export type FieldLength = readonly [name: string, length: number];

/** The first line of what is stored of a session, as JSON. */
export interface EnvelopeHeader {
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
  /** Marks of the ids in whose place the session was put. */
  readonly o?: readonly string[];
  /** The last batches of those who wrote it. */
  readonly p: RecentWrites;
  readonly f?: readonly FieldLength[];
}

/** A header of any version; `undefined` where the line is none. Only what its version says has been looked at. */
export function parseHeader(line: string): EnvelopeHeader | undefined {
  try {
    const header: unknown = JSON.parse(line);
    const hasVersion = typeof header === "object" && header !== null && "e" in header;
    return hasVersion && isWhole(header.e, 1, Number.MAX_SAFE_INTEGER) ? (header as EnvelopeHeader) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a header of the present version holds what it must: it may have been damaged in the store. */
export function isIntact({ c, s, l, a, o, p, f }: EnvelopeHeader): boolean {
  return (
    isTimeOrAbsent(c) &&
    isTimeOrAbsent(s) &&
    isTimeOrAbsent(a) &&
    (l === undefined || isWhole(l, 1, longestLifetime * 1000)) &&
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
  return entry.length === 2 && typeof entry[0] === "string" && isWhole(entry[1], 0, Number.MAX_SAFE_INTEGER);
}
