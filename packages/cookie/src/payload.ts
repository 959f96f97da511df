import type { SessionRecord } from "@sess/core";
import type { Scratch } from "./scratch.js";

/** The contents of a token. */
export interface Payload {
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly record: SessionRecord;
}

const headBytes = 20;

/**
 * Issue time and expiry as IEEE doubles (which hold any number of a clock exactly), the version's length in bytes, the
 * version, the data; texts in UTF-8. Never compressed: if a secret is compressed together with text chosen by an
 * attacker, the length reveals the secret (CRIME, CVE-2012-4929; BREACH, CVE-2013-3587).
 */
export function pack({ issuedAt, record }: Payload, memory: Scratch): Buffer {
  const versionBytes = Buffer.byteLength(record.version);
  const bytes = memory.take(headBytes + versionBytes + Buffer.byteLength(record.data));
  bytes.writeDoubleBE(issuedAt, 0);
  bytes.writeDoubleBE(record.expiresAt, 8);
  bytes.writeUInt32BE(versionBytes, 16);
  bytes.write(record.version, headBytes);
  bytes.write(record.data, headBytes + versionBytes);
  return bytes;
}

/** The payload; `undefined` when {@link pack} did not make the bytes. */
export function unpack(bytes: Buffer): Payload | undefined {
  if (bytes.length < headBytes) return undefined;
  const versionEnd = headBytes + bytes.readUInt32BE(16);
  if (versionEnd > bytes.length) return undefined;
  const version = bytes.toString("utf8", headBytes, versionEnd);
  const data = bytes.toString("utf8", versionEnd);
  return { issuedAt: bytes.readDoubleBE(0), record: { data, version, expiresAt: bytes.readDoubleBE(8) } };
}
