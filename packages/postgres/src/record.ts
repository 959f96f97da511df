import type { SessionRecord } from "@sess/core";
import type { Row, Value } from "./pool.js";

/** Marks a text that a column could not hold unchanged and that is stored as JSON instead. */
const escaped = "\u0001";

/** The values of a record, in the order of the columns after the key. */
export function columnsOf({ version, expiresAt, owner, retired, data }: SessionRecord): readonly Value[] {
  return [encode(version), expiresAt, encode(owner), encode(retired), encode(data)];
}

/** The record in a row; undefined when the row does not hold a record of ours. */
export function recordOf({ version, expires, owner, retired, data }: Row): SessionRecord | undefined {
  try {
    return {
      data: decode(data),
      version: decode(version),
      expiresAt: Number(expires),
      ...(owner !== null && { owner: decode(owner) }),
      ...(retired !== null && { retired: decode(retired) }),
    };
  } catch {
    return undefined;
  }
}

/**
 * The form in which a text is stored. Most texts are stored unchanged. Those that PostgreSQL's text type cannot hold
 * (NUL, a lone surrogate) are escaped, and so are those that begin with U+FEFF, which PGlite takes for a byte order
 * mark.
 */
export function encode(text: string): string;
export function encode(text: string | undefined): string | null;
export function encode(text: string | undefined): string | null {
  if (text === undefined) return null;
  return isPlain(text) ? text : escaped + JSON.stringify(text);
}

function decode(stored: unknown): string {
  if (typeof stored !== "string") throw new TypeError("a column is no text");
  return stored.startsWith(escaped) ? String(JSON.parse(stored.slice(1))) : stored;
}

function isPlain(text: string & { isWellFormed?(): boolean }): boolean {
  return !/^[\u0001\ufeff]/.test(text) && !text.includes("\0") && text.isWellFormed?.() === true;
}
