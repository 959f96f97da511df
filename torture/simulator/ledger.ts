import type { Sender } from "./network.js";

/** The record that a request began with. */
export type Loaded = "session" | "marker" | "none";

/** What the model knows about a request under way. */
export interface Handle {
  readonly name: string;
  readonly sender: Sender;
  readonly client: string;
  /** Unique among concurrent requests. It names a list that only this request appends to. */
  readonly slot: number;
  /** The key of the id that the client presented. */
  readonly presented: string | undefined;
  loaded: Loaded;
  /** When it was loaded, in virtual time. */
  loadedAt: number;
  /** Keys of the session's ids, the current one last. */
  readonly keys: string[];
  /** Whether something is stored under the present key, as far as the request was told. */
  stored: boolean;
  /** Whether a creation or a regeneration was acknowledged: the response must say so. */
  owesCookie: boolean;
  destroyed: boolean;
  /** The outcome of an operation is unknown. */
  unknown: boolean;
  ended: boolean;
}

export type FactKind = "field" | "item" | "increment";

/** One change by one request, which is either in the session or not. */
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
  /** The outcome of a commit with it is unknown. */
  maybe: boolean;
  /** The key it was acknowledged under. */
  key?: string;
  /** Deleted since, on purpose. */
  voided: boolean;
}

export interface Flush {
  readonly handle: Handle;
  readonly invoked: number;
  /** After this time it can no longer happen; Infinity if unknown. */
  settled: number;
}

/** A destroy or a regenerate that was called, whatever its outcome. */
export interface Ending {
  readonly handle: Handle;
  readonly keys: readonly string[];
  acknowledged: boolean;
}

/** A marker under `from` named `to`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** True if it replaced a session, whose data was copied. False if it replaced a marker, without data. */
  readonly moved: boolean;
}

/** The facts of a run, known from the store and from every answer. */
export class Ledger {
  readonly facts: Fact[] = [];
  /** Changes after the end of the response: each is stored, or its failure is reported. */
  readonly late: Fact[] = [];
  readonly flushes: Flush[] = [];
  readonly destroys: Ending[] = [];
  readonly regenerations: Ending[] = [];
  readonly #outgoing = new Map<string, Edge[]>();
  readonly #incoming = new Map<string, Edge>();
  readonly #names = new Map<string, string>();
  /** Keys whose ids a response told. */
  readonly told = new Set<string>();
  /** Successors, by old key, that were sent to a client although it is unknown whether the old record was retired. */
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

  /** The key that has a key's data now, found by following markers. */
  head(key: string): string {
    const moved = this.#outgoing.get(key)?.find((edge) => edge.moved);
    return moved === undefined ? key : this.head(moved.to);
  }

  /** Whether a client has its id, or a marker leads to it. */
  reachable(key: string): boolean {
    return this.told.has(key) || this.#incoming.has(key);
  }

  root(key: string): string {
    const edge = this.#incoming.get(key);
    return edge === undefined ? key : this.root(edge.from);
  }

  /**
   * The keys and all their successors by markers. `forked` also follows successors that were sent without certainty.
   */
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

  /** Whether a request called for the end of a key, or of one of its predecessors. */
  endedOnPurpose(key: string): boolean {
    const fromMarkers = this.regenerations.filter(({ handle }) => handle.loaded === "marker");
    return [...this.destroys, ...fromMarkers].some(({ keys }) => this.closure(keys, true).has(key));
  }

  regeneratedOnPurpose(key: string): boolean {
    return this.regenerations.some(({ keys }) => keys.includes(key));
  }

  /** Whether a flush or a deletion may have removed it. */
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
