import type { SessionRecord, Update } from "../../packages/core/src/index.js";
import { type Profile, shortLived } from "./profile.js";
import { ReferenceStore } from "./reference-store.js";
import type { StoreFactory } from "./world.js";

/** Creates what is not there. */
class Upserting extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    if (this.read(key) !== undefined) return super.update(key, record, expected);
    this.put(key, record);
    return { written: true };
  }
}

/** A refusal does not return the stored record. */
class Silent extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    const answer = super.update(key, record, expected);
    return answer.written ? answer : { written: false, current: undefined };
  }
}

/** The last one wins. */
class Unconditional extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    const current = this.read(key);
    return super.update(key, record, current?.version ?? expected);
  }
}

/** Reading the version and writing are two steps; another write may come between them. */
class Torn extends ReferenceStore {
  #before: { readonly key: string; readonly version: string } | undefined;

  override update(key: string, record: SessionRecord, expected: string): Update {
    const current = this.read(key);
    const overtaken = this.#before?.key === key && this.#before.version === expected;
    if (current !== undefined) this.#before = { key, version: current.version };
    return super.update(key, record, overtaken && current !== undefined ? current.version : expected);
  }
}

/** Prolonging writes back the whole record that the caller read. */
class TouchingBack extends ReferenceStore {
  readonly #seen = new Map<string, SessionRecord>();

  override touch(key: string, expiresAt: number, expected: string): boolean {
    const seen = this.#seen.get(expected);
    if (seen === undefined) return false;
    this.put(key, { ...seen, expiresAt: Math.max(seen.expiresAt, expiresAt) });
    return true;
  }

  override put(key: string, record: SessionRecord): void {
    this.#seen.set(record.version, record);
    super.put(key, record);
  }
}

/** Prolongs whatever is there, markers included, to exactly what was asked for. */
class TouchingAnything extends ReferenceStore {
  override touch(key: string, expiresAt: number): boolean {
    const current = this.read(key);
    if (current === undefined) return false;
    this.put(key, { ...current, expiresAt });
    return true;
  }
}

/** Markers are collected with the next write. */
class Forgetful extends ReferenceStore {
  override put(key: string, record: SessionRecord): void {
    for (const [each, { retired }] of this.records) if (retired !== undefined) this.records.delete(each);
    super.put(key, record);
  }
}

/** Logging out deletes. */
class Deleting extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    const answer = super.update(key, record, expected);
    if (answer.written && record.retired === "") this.records.delete(key);
    return answer;
  }
}

/** Creates over whatever is there. */
class Overwriting extends ReferenceStore {
  override create(key: string, record: SessionRecord): boolean {
    this.put(key, record);
    return true;
  }
}

/** The new record's expiry counts, earlier or not. */
class Shortening extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    const current = this.read(key);
    if (current?.version !== expected) return { written: false, current };
    this.put(key, record);
    return { written: true };
  }
}

/** Expired records are still given out. */
class Undying extends ReferenceStore {
  override read(key: string): SessionRecord | undefined {
    return this.records.get(key);
  }
}

/** Acknowledges a write, and stores it only with the next call; without a next call it is lost. */
class Buffering extends ReferenceStore {
  #waiting: (() => void) | undefined;

  override put(key: string, record: SessionRecord): void {
    this.#waiting?.();
    this.#waiting = () => super.put(key, record);
  }
}

/** As if core did not record the batch that wrote a record: records that it reads list none. */
class Anonymous extends ReferenceStore {
  override put(key: string, record: SessionRecord): void {
    super.put(key, { ...record, data: record.data.replace(/"p":\[(\[[^\]]*\],?)*\]/, '"p":[]') });
  }
}

/** As if markers did not refuse: an update that finds one gets the answer that nothing has happened. */
class Unmarked extends ReferenceStore {
  override update(key: string, record: SessionRecord, expected: string): Update {
    const current = this.read(key);
    if (current?.retired !== undefined && record.retired === undefined) {
      this.put(key, record);
      return { written: true };
    }
    return super.update(key, record, expected);
  }
}

/** A store with one defect, and the kind of run in which it shows, if that kind is rare. */
export interface Bug {
  readonly makeStore: StoreFactory;
  readonly profile?: Profile;
}

function bug(Store: new (now: () => number) => ReferenceStore, profile?: Profile): Bug {
  return { makeStore: (now) => new Store(now), ...(profile !== undefined && { profile }) };
}

/** The explorer has to notice every one of them. */
export const bugs: Readonly<Record<string, Bug>> = {
  "update creates": bug(Upserting),
  "a refusal does not carry the current record": bug(Silent),
  "update ignores the version": bug(Unconditional),
  "update compares and writes in two steps": bug(Torn),
  "touch writes back what was read": bug(TouchingBack),
  "touch ignores the version and what is there": bug(TouchingAnything, shortLived),
  "markers are dropped early": bug(Forgetful),
  "destroying deletes": bug(Deleting),
  "create overwrites": bug(Overwriting),
  "the later expiry is forgotten": bug(Shortening, shortLived),
  "expired records are given out": bug(Undying),
  "an answer comes before the record is stored": bug(Buffering),
  "records do not list their batches": bug(Anonymous),
  "a session replaces a marker": bug(Unmarked),
};
