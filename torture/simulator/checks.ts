import { decode } from "../../packages/core/src/codec/decode.js";
import type { SessionRecord } from "../../packages/core/src/index.js";
import { decodeEnvelope } from "../../packages/core/src/record/envelope.js";
import type { StoredSession } from "../../packages/core/src/record/stored-session.js";
import type { Fact, Ledger } from "./ledger.js";
import type { ReferenceStore } from "./reference-store.js";

/** A guarantee that did not hold. */
export interface Violation {
  /** Such as `G3`. A cost that the design documents starts with `documented`. */
  readonly rule: string;
  readonly text: string;
}

/** Checks that must hold in the store at every moment. */
export class Checks {
  readonly violations: Violation[] = [];
  readonly #ledger: Ledger;
  readonly #store: ReferenceStore;

  constructor(ledger: Ledger, store: ReferenceStore) {
    this.#ledger = ledger;
    this.#store = store;
  }

  violated(rule: string, text: string): void {
    if (!this.violations.some((known) => known.rule === rule && known.text === text)) {
      this.violations.push({ rule, text });
    }
  }

  liveSession(key: string): boolean {
    const record = this.#store.records.get(key);
    return record !== undefined && record.retired === undefined && record.expiresAt > this.#store.now();
  }

  /** After each call that changed what is stored under a key. */
  changed(key: string, before: SessionRecord | undefined, after: SessionRecord): void {
    const stored = decodeEnvelope(after);
    if (stored === undefined) {
      this.violated("envelope", "core wrote what it cannot read");
      return;
    }
    if (after.retired === undefined) this.#sessionWritten(key, before, after, stored);
    else if (after.retired !== "" && before?.retired !== after.retired) this.#linked(key, before, after.retired);
    this.destroyedStaysDestroyed();
  }

  #sessionWritten(key: string, before: SessionRecord | undefined, after: SessionRecord, stored: StoredSession): void {
    const name = this.#ledger.name(key);
    const live = after.expiresAt > this.#store.now();
    if (before?.retired !== undefined && live) this.violated("G3", `the marker of ${name} became a session`);
    if (before !== undefined && before.retired === undefined) {
      const expired = before.expiresAt <= this.#store.now();
      if (expired && live && this.#ledger.told.has(key)) this.violated("G3", `${name} had expired and came back`);
      if (after.expiresAt < before.expiresAt) this.violated("G5", `the expiry of ${name} moved back`);
    }
    if (after.expiresAt > stored.absolute) this.violated("G5", `${name} outlives its absolute end`);
    for (const token of tokens(stored)) this.#ledger.stored(key).add(token);
    this.factsAreIn(key);
  }

  #linked(from: string, before: SessionRecord | undefined, to: string): void {
    const moved = before !== undefined && before.retired === undefined;
    this.#ledger.link({ from, to, moved });
    const successor = this.#store.records.get(to);
    if (successor === undefined) {
      this.violated("G8", `${this.#ledger.name(from)} was retired before its successor was stored`);
      return;
    }
    if (
      moved &&
      successor.retired === undefined &&
      decodeEnvelope(before)?.absolute !== decodeEnvelope(successor)?.absolute
    ) {
      this.violated("G5", `${this.#ledger.name(to)} has another absolute end than what it succeeds`);
    }
    if (moved) this.factsAreIn(to);
    this.oneLives(from);
  }

  /** G1 and G2: what was acknowledged is in the session, in each of its records. */
  factsAreIn(key: string): void {
    const record = this.#store.records.get(key);
    if (record === undefined || record.retired !== undefined) return;
    const stored = decodeEnvelope(record);
    if (stored === undefined) return;
    const due = this.#ledger.due(key);
    const lost = due.filter((fact) => fact.kind !== "increment" && !shows(stored, fact));
    for (const fact of lost) this.#lost(fact, `is not in ${this.#ledger.name(key)}`);
    this.#counted(key, stored, due);
  }

  #counted(key: string, stored: StoredSession, due: readonly Fact[]): void {
    const n = numberIn(stored);
    const least = due.filter((fact) => fact.kind === "increment");
    const name = this.#ledger.name(key);
    if (n < least.length) this.violated("G2", `${name} counts ${n}, ${least.length} increments were acknowledged`);
    const root = this.#ledger.root(key);
    const most = this.#ledger.facts.filter(
      ({ kind, status, handle }) =>
        kind === "increment" && status !== "refused" && handle.keys.some((each) => this.#ledger.root(each) === root),
    );
    // A successor that no marker names yet belongs to the request that is about to write that marker.
    const placed = root !== key || this.#ledger.facts.some(({ handle }) => handle.keys.includes(key));
    if (placed && n > most.length)
      this.violated("G2", `${name} counts ${n}, only ${most.length} increments were asked for`);
    const values = new Set(least.map((fact) => fact.value));
    if (values.size < least.length && this.#ledger.flushes.length === 0) {
      this.violated("G2", `two acknowledged increments of ${name} resolved to the same value`);
    }
  }

  #lost(fact: Fact, where: string): void {
    this.violated("G1", `${fact.handle.name}'s ${fact.field} was acknowledged and ${where}`);
  }

  /** G3: nothing under a destroyed id, or under what succeeded it, is a session. */
  destroyedStaysDestroyed(): void {
    for (const { acknowledged, keys, handle } of this.#ledger.destroys) {
      if (!acknowledged) continue;
      const certain = this.#ledger.closure(keys, false);
      for (const key of this.#ledger.closure(keys, true)) {
        if (!this.liveSession(key)) continue;
        const rule = certain.has(key) ? "G3" : "documented G3";
        this.violated(rule, `${handle.name} destroyed its session, and ${this.#ledger.name(key)} lives`);
      }
    }
  }

  /** G4: in a chain of markers at most one key is a session. */
  oneLives(key: string): void {
    const all = [...this.#ledger.closure([this.#ledger.root(key)], true)].filter((each) => this.liveSession(each));
    if (all.length < 2) return;
    const certain = this.#ledger.closure([this.#ledger.root(key)], false);
    const rule = all.filter((each) => certain.has(each)).length > 1 ? "G4" : "documented G4";
    this.violated(rule, `${all.map((each) => this.#ledger.name(each)).join(" and ")} both live`);
  }

  /** When nothing is under way, every acknowledged fact is in its session, or that session was ended on purpose. */
  settled(): void {
    for (const fact of this.#ledger.facts) {
      if (fact.status === "acknowledged" && fact.key !== undefined && !this.#ledger.mayBeGone(fact)) {
        const head = this.#ledger.head(fact.key);
        const record = this.#store.records.get(head);
        if (record === undefined) this.#lost(fact, `nothing is stored under ${this.#ledger.name(head)}`);
        else if (record.retired !== undefined && !this.#ledger.endedOnPurpose(head)) {
          this.#lost(fact, `${this.#ledger.name(head)} was ended by nobody`);
        } else this.factsAreIn(head);
      }
      if (fact.status === "refused") this.#isNowhere(fact);
    }
    this.destroyedStaysDestroyed();
    for (const key of this.#store.records.keys()) this.oneLives(key);
  }

  /** A change after the response's end without a reported failure is in its session, unless that was ended. */
  lateAreIn(): void {
    for (const fact of this.#ledger.late) {
      if (!fact.handle.sender.alive || fact.key === undefined || this.#ledger.mayBeGone(fact)) continue;
      const head = this.#ledger.head(fact.key);
      const record = this.#store.records.get(head);
      if (this.#ledger.endedOnPurpose(head)) continue;
      const stored = record === undefined || record.retired !== undefined ? undefined : decodeEnvelope(record);
      if (stored === undefined || !shows(stored, fact)) {
        this.violated("late", `${fact.handle.name}'s ${fact.field} was set after the end and is nowhere`);
      }
    }
  }

  /** A refused or discarded change is in no session, and not in a successor either. */
  #isNowhere(fact: Fact): void {
    if (fact.kind === "increment" || fact.voided) return;
    for (const [key, record] of this.#store.records) {
      // A successor that was given up while the store failed is not reachable: no marker names it, and nobody has its
      // id.
      if (!this.liveSession(key) || !this.#ledger.reachable(key)) continue;
      const stored = decodeEnvelope(record);
      if (stored !== undefined && shows(stored, fact)) {
        const what = `${fact.handle.name}'s ${fact.field} was refused and is in ${this.#ledger.name(key)}`;
        this.violated("refused", what);
      }
    }
  }
}

function fieldOf(stored: StoredSession, field: string): unknown {
  const text = stored.fields.get(field);
  return text === undefined ? undefined : decode(text);
}

function numberIn(stored: StoredSession): number {
  const n = fieldOf(stored, "n");
  return typeof n === "number" ? n : 0;
}

function shows(stored: StoredSession, fact: Fact): boolean {
  const value = fieldOf(stored, fact.field);
  return fact.kind === "item" ? Array.isArray(value) && value.includes(fact.value) : value === fact.value;
}

/** A fact as text, as in the list of everything that was ever stored under a key. */
export function tokenOf(fact: Fact): string {
  return `${fact.field}=${fact.value}`;
}

function* tokens(stored: StoredSession): Generator<string> {
  for (const [field, text] of stored.fields) {
    const value = decode(text);
    for (const each of Array.isArray(value) ? value : [value]) yield `${field}=${each}`;
  }
}
