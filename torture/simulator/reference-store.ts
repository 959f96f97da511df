import type { SessionRecord, Update } from "../../packages/core/src/index.js";

/** The calls of a store. Each is one atomic step. */
export interface Store {
  read(key: string): SessionRecord | undefined;
  create(key: string, record: SessionRecord): boolean;
  update(key: string, record: SessionRecord, expected: string): Update;
  touch(key: string, expiresAt: number, expected: string): boolean;
}

/**
 * The shortest implementation of the provider's contract: no eviction, no garbage collection. Expired records stay, so
 * that the checks can read them.
 */
export class ReferenceStore implements Store {
  readonly records = new Map<string, SessionRecord>();
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  read(key: string): SessionRecord | undefined {
    const record = this.records.get(key);
    return record !== undefined && record.expiresAt > this.now() ? record : undefined;
  }

  create(key: string, record: SessionRecord): boolean {
    if (this.read(key) !== undefined) return false;
    this.put(key, record);
    return true;
  }

  update(key: string, record: SessionRecord, expected: string): Update {
    const current = this.read(key);
    if (current?.version !== expected) return { written: false, current };
    const later = Math.max(current.expiresAt, record.expiresAt);
    this.put(key, record.retired === undefined ? { ...record, expiresAt: later } : record);
    return { written: true };
  }

  touch(key: string, expiresAt: number, expected: string): boolean {
    const current = this.read(key);
    if (current?.version !== expected || current.retired !== undefined) return false;
    if (expiresAt > current.expiresAt) this.put(key, { ...current, expiresAt });
    return true;
  }

  /** Every change of the store is made here. */
  put(key: string, record: SessionRecord): void {
    this.records.set(key, record);
  }
}
