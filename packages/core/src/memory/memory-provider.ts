import { SessionError } from "../errors.js";
import type { Provider, SessionRecord, Update } from "../provider.js";
import { copyRecord, type MemoryStore } from "./memory-store.js";

/** How long an expired record is kept for processes whose clocks are behind. */
const grace = 60_000;
/** Records removed between two turns of the event loop, which takes less than a millisecond when the code is warm. */
const batchSize = 100;

/** One handle on a {@link MemoryStore}. Each method does its work before its first await, which makes it atomic. */
export class MemoryProvider implements Provider {
  readonly #store: MemoryStore;
  readonly #now: () => number;
  #closed = false;

  constructor(store: MemoryStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async read(key: string): Promise<SessionRecord | undefined> {
    const record = this.#find(key);
    return record && copyRecord(record);
  }

  async create(key: string, record: SessionRecord): Promise<boolean> {
    if (this.#find(key) !== undefined) return false;
    this.#store.remove(key);
    this.#store.put(key, record, this.#now());
    return true;
  }

  async update(key: string, record: SessionRecord, expected: string): Promise<Update> {
    const current = this.#find(key);
    if (current?.version !== expected) return { written: false, current: current && copyRecord(current) };
    const later = Math.max(current.expiresAt, record.expiresAt);
    const expiresAt = record.retired === undefined ? later : record.expiresAt;
    this.#store.put(key, expiresAt === record.expiresAt ? record : { ...record, expiresAt }, this.#now());
    return { written: true };
  }

  async touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    const current = this.#find(key);
    if (current?.version !== expected || current.retired !== undefined) return false;
    if (expiresAt > current.expiresAt) this.#store.put(key, { ...current, expiresAt }, this.#now());
    return true;
  }

  async count(): Promise<number> {
    this.#assertOpen();
    return this.#store.count(this.#now());
  }

  async gc(): Promise<number> {
    this.#assertOpen();
    const until = this.#now() - grace;
    let removed = 0;
    while (!this.#closed) {
      const batch = this.#store.collect(until, batchSize);
      removed += batch;
      if (batch < batchSize) break;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return removed;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async *keys(): AsyncGenerator<string> {
    this.#assertOpen();
    for (const key of this.#store.keys(this.#now)) {
      yield key;
      this.#assertOpen();
    }
  }

  async *keysOf(owner: string): AsyncGenerator<string> {
    this.#assertOpen();
    for (const key of this.#store.keysOf(owner, this.#now)) {
      yield key;
      this.#assertOpen();
    }
  }

  #find(key: string): SessionRecord | undefined {
    this.#assertOpen();
    return this.#store.find(key, this.#now());
  }

  #assertOpen(): void {
    if (this.#closed) throw new SessionError("SESS_CLOSED", "the memory provider was closed");
  }
}
