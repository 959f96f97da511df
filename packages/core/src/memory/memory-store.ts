import type { SessionRecord } from "../provider.js";
import { ExpiryHeap } from "./expiry-heap.js";
import { KeyMap } from "./key-map.js";
import { RecencyList } from "./recency-list.js";

/**
 * Minimum number of markers that are kept, about five megabytes: two minutes of logouts must not be forgotten because
 * there are few sessions.
 */
const leastMarkers = 10_000;

/** A new record with the contract's own fields and nothing else, so that nothing is shared by reference. */
export function copyRecord(record: SessionRecord): SessionRecord {
  const { data, version, expiresAt, owner, retired } = record;
  const copy = { data, version, expiresAt };
  if (owner === undefined && retired === undefined) return copy;
  return { ...copy, ...(owner !== undefined && { owner }), ...(retired !== undefined && { retired }) };
}

/** Makes one flat text: V8 keeps a concatenated text as a tree of its parts until it is read. */
function flat(text: string): string {
  return Number.isNaN(text.charCodeAt(0)) ? "" : text;
}

/**
 * A copy of a record together with its position in the lists: one object instead of two, since there may be a million.
 */
class Entry implements SessionRecord {
  readonly key: string;
  readonly data: string;
  readonly version: string;
  readonly expiresAt: number;
  declare readonly owner?: string;
  declare readonly retired?: string;
  place = 0;
  newer: Entry | undefined;
  older: Entry | undefined;

  constructor(key: string, { data, version, expiresAt, owner, retired }: SessionRecord) {
    this.key = key;
    this.data = flat(data);
    this.version = version;
    this.expiresAt = expiresAt;
    if (owner !== undefined) this.owner = owner;
    if (retired !== undefined) this.retired = retired;
  }

  get isMarker(): boolean {
    return this.retired !== undefined;
  }
}

/**
 * The data behind {@link memory}. Every method is synchronous, so everything between two awaits of a provider is
 * atomic. Beyond `maxSessions`, the least recently used session is removed. Beyond as many markers (at least 10,000),
 * the marker that expires first is removed. Its key is then free: late writes are still refused, but a request with the
 * old id counts as unknown, and a logout by the old id does not reach the session's new one.
 */
export class MemoryStore {
  readonly #maxSessions: number;
  readonly #maxMarkers: number;
  readonly #entries = new KeyMap<Entry>();
  readonly #sessions = new ExpiryHeap<Entry>();
  readonly #markers = new ExpiryHeap<Entry>();
  readonly #recency = new RecencyList<Entry>();
  readonly #owned = new KeyMap<Set<string>>();

  constructor(maxSessions: number) {
    this.#maxSessions = maxSessions;
    this.#maxMarkers = Math.max(maxSessions, leastMarkers);
  }

  /** The live record itself, not a copy: copy it before returning it to a caller. Counts as use. */
  find(key: string, now: number): SessionRecord | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !(entry.expiresAt > now)) return undefined;
    if (!entry.isMarker) this.#recency.use(entry);
    return entry;
  }

  /** Replaces the record under the key by a copy of this one. */
  put(key: string, record: SessionRecord, now: number): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#unlink(before);
    const entry = new Entry(key, record);
    this.#entries.set(key, entry);
    this.#link(entry);
    if (entry.isMarker) this.#boundMarkers(now);
    else if (this.#sessions.size > this.#maxSessions) this.#evict(now);
  }

  /** Removes the record under the key, if there is one. */
  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#unlink(entry);
    this.#entries.delete(key);
  }

  /** Sessions that are live at `now`. */
  count(now: number): number {
    return this.#sessions.size - this.#sessions.countUntil(now);
  }

  /** Removes at most `most` records that expire at `until` or earlier; returns how many. */
  collect(until: number, most: number): number {
    const sessions = this.#collectFrom(this.#sessions, until, most);
    return sessions + this.#collectFrom(this.#markers, until, most - sessions);
  }

  /** The sessions that are live when they are reached. Ends even if others are created continuously. */
  *keys(now: () => number): Generator<string> {
    for (const entry of this.#entries.values()) {
      if (!entry.isMarker && entry.expiresAt > now()) yield entry.key;
    }
  }

  /** The owner's records, markers included, that are live when they are reached. */
  *keysOf(owner: string, now: () => number): Generator<string> {
    for (const key of [...(this.#owned.get(owner) ?? [])]) {
      const entry = this.#entries.get(key);
      if (entry?.owner === owner && entry.expiresAt > now()) yield key;
    }
  }

  /** An expired session that is still stored is removed before any live one. */
  #evict(now: number): void {
    const first = this.#sessions.first();
    const victim = first !== undefined && first.expiresAt <= now ? first : this.#recency.oldest;
    if (victim !== undefined) this.remove(victim.key);
  }

  #boundMarkers(now: number): void {
    this.#collectFrom(this.#markers, now - 60_000, 2);
    if (this.#markers.size > this.#maxMarkers) this.#collectFrom(this.#markers, Number.POSITIVE_INFINITY, 1);
  }

  #collectFrom(heap: ExpiryHeap<Entry>, until: number, most: number): number {
    let removed = 0;
    for (; removed < most; removed += 1) {
      const first = heap.first();
      if (first === undefined || first.expiresAt > until) break;
      this.remove(first.key);
    }
    return removed;
  }

  #link(entry: Entry): void {
    if (entry.isMarker) {
      this.#markers.add(entry);
    } else {
      this.#sessions.add(entry);
      this.#recency.add(entry);
    }
    const { owner } = entry;
    if (owner === undefined) return;
    const keys = this.#owned.get(owner);
    if (keys === undefined) this.#owned.set(owner, new Set([entry.key]));
    else keys.add(entry.key);
  }

  #unlink(entry: Entry): void {
    if (entry.isMarker) {
      this.#markers.remove(entry);
    } else {
      this.#sessions.remove(entry);
      this.#recency.remove(entry);
    }
    const { owner } = entry;
    if (owner === undefined) return;
    const keys = this.#owned.get(owner);
    keys?.delete(entry.key);
    if (keys?.size === 0) this.#owned.delete(owner);
  }
}
