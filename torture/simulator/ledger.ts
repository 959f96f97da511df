import type { Sender } from "./network.js";

/** What the record was that a request began with. */
export type Loaded = "session" | "marker" | "none";

/** One request being served: what the model knows of it. */
export interface Handle {
  readonly name: string;
  readonly sender: Sender;
  readonly client: string;
  /** No two requests at once have the same: a list that only they append to. */
  readonly slot: number;
  /** The key of the id that the client presented. */
  readonly presented: string | undefined;
  loaded: Loaded;
  /** When it was loaded, in virtual time. */
  loadedAt: number;
  /** Keys of the ids the session had, the present one last. */
  readonly keys: string[];
  /** Whether something is stored under the present key, as far as the request was told. */
  stored: boolean;
  /** Whether a creation or a regeneration was acknowledged: the response must say so. */
  owesCookie: boolean;
  destroyed: boolean;
  /** An operation ended without saying what became of it. */
  unknown: boolean;
  ended: boolean;
}

export type FactKind = "field" | "item" | "increment";

/** One thing written by one request, which either is in the session or is not. */
export interface Fact {
  readonly handle: Handle;
  readonly kind: FactKind;
  readonly field: string;
  /** The value, the item, or for an increment the value it was acknowledged with. */
  value: string | number;
  readonly invoked: number;
  /** The same in virtual time. */
  readonly at: number;
  status: "pending" | "acknowledged" | "unknown" | "refused";
  /** A commit that held it ended without an answer. */
  maybe: boolean;
  /** The key it was acknowledged under. */
  key?: string;
  /** Deleted since, on purpose. */
  voided: boolean;
}

export interface Flush {
  readonly handle: Handle;
  readonly invoked: number;
  /** From then on it cannot be made any more; Infinity where nobody knows. */
  settled: number;
}

/** A destroy or a regenerate that was asked for, whatever became of it. */
export interface Ending {
  readonly handle: Handle;
  readonly keys: readonly string[];
  acknowledged: boolean;
}

/** A marker under `from` named `to`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** From a session, whose data went along; else from a marker, and nothing did. */
  readonly moved: boolean;
}

/** The facts of a run, as an onlooker knows them who sees the store and every answer. */
export class Ledger {
  readonly facts: Fact[] = [];
  /** Written when the response had ended: stored by themselves, or somebody was told. */
  readonly late: Fact[] = [];
  readonly flushes: Flush[] = [];
  readonly destroys: Ending[] = [];
  readonly regenerations: Ending[] = [];
  readonly #outgoing = new Map<string, Edge[]>();
  readonly #incoming = new Map<string, Edge>();
  readonly #names = new Map<string, string>();
  /** Keys whose ids a response told. */
  readonly told = new Set<string>();
  /** Successors that went out although nobody knows whether the old record was retired; from old to new. */
  readonly forks = new Map<string, string[]>();
  /** What was ever stored under a key. */
  readonly #stored = new Map<string, Set<string>>();
  #time = 0;

  /** Orders what happens; every call is later than the one before. */
  tick(): number {
    return ++this.#time;
  }

  /** Short and the same in every replay. */
  name(key: string): string {
    let name = this.#names.get(key);
    if (name === undefined) {
      name = `S${this.#names.size + 1}`;
      this.#names.set(key, name);
    }
    return name;
  }

  link(edge: Edge): void {
    this.#outgoing.set(edge.from, [...(this.#outgoing.get(edge.from) ?? []), edge]);
    this.#incoming.set(edge.to, edge);
  }

  fork(from: string, to: string): void {
    this.forks.set(from, [...(this.forks.get(from) ?? []), to]);
    if (!this.#incoming.has(to)) this.#incoming.set(to, { from, to, moved: false });
  }

  stored(key: string): Set<string> {
    let stored = this.#stored.get(key);
    if (stored === undefined) {
      stored = new Set();
      this.#stored.set(key, stored);
    }
    return stored;
  }

  /** The key and every key whose data went into it. */
  sources(key: string): string[] {
    const found = [key];
    for (let edge = this.#incoming.get(key); edge?.moved; edge = this.#incoming.get(edge.from)) found.push(edge.from);
    return found;
  }

  /** Where a key's data is now: along the markers that took it along. */
  head(key: string): string {
    const moved = this.#outgoing.get(key)?.find((edge) => edge.moved);
    return moved === undefined ? key : this.head(moved.to);
  }

  /** Whether somebody has its id, or a marker leads to it. */
  reachable(key: string): boolean {
    return this.told.has(key) || this.#incoming.has(key);
  }

  root(key: string): string {
    const edge = this.#incoming.get(key);
    return edge === undefined ? key : this.root(edge.from);
  }

  /** The keys and all that a marker ever named after them; `forked` follows what went out uncertainly as well. */
  closure(keys: readonly string[], forked: boolean): Set<string> {
    const found = new Set<string>();
    const waiting = [...keys];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (found.has(key)) continue;
      found.add(key);
      for (const edge of this.#outgoing.get(key) ?? []) waiting.push(edge.to);
      if (forked) waiting.push(...(this.forks.get(key) ?? []));
    }
    return found;
  }

  /** Whether somebody asked for the end of a key, or of what it succeeded. */
  endedOnPurpose(key: string): boolean {
    const fromMarkers = this.regenerations.filter(({ handle }) => handle.loaded === "marker");
    return [...this.destroys, ...fromMarkers].some(({ keys }) => this.closure(keys, true).has(key));
  }

  regeneratedOnPurpose(key: string): boolean {
    return this.regenerations.some(({ keys }) => keys.includes(key));
  }

  /** Whether a flush or a deletion may have taken it away. */
  mayBeGone(fact: Fact): boolean {
    if (fact.voided) return true;
    return this.flushes.some((flush) => {
      if (flush.handle === fact.handle) return flush.invoked > fact.invoked;
      return flush.settled > fact.invoked && this.#related(flush.handle, fact.handle);
    });
  }

  /** Acknowledged facts that the record under a key must show. */
  due(key: string): Fact[] {
    const sources = this.sources(key);
    return this.facts.filter(
      (fact) =>
        fact.status === "acknowledged" && fact.key !== undefined && sources.includes(fact.key) && !this.mayBeGone(fact),
    );
  }

  #related(one: Handle, two: Handle): boolean {
    const roots = new Set(one.keys.map((key) => this.root(key)));
    return two.keys.some((key) => roots.has(this.root(key)));
  }
}
