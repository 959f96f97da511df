import { randomBytes } from "node:crypto";
import type { SessionRecord } from "@sess/core";

export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

/** A key that nothing has. */
export function key(): string {
  return randomHex(32);
}

/** A record with a new version and ten minutes to live. */
export function session(fixed: Partial<SessionRecord> = {}): SessionRecord {
  const version = randomHex(8);
  return { data: `data of ${version}`, version, expiresAt: Date.now() + 600_000, ...fixed };
}

export function marker(retired = "", fixed: Partial<SessionRecord> = {}): SessionRecord {
  return { ...session(), retired, ...fixed };
}
