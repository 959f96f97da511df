import { MemoryProvider } from "../../memory/memory-provider.js";
import { MemoryStore } from "../../memory/memory-store.js";
import type { Provider, SessionRecord, Update } from "../../provider.js";
import type { ConformanceOptions, OpenOptions } from "../options.js";
import { overWire, Wire } from "./wire.js";

/** What a broken provider is made of: a handle of the memory provider and its internal state. */
export interface Bench {
  readonly real: MemoryProvider;
  /** Shared by all handles on the namespace. */
  readonly store: MemoryStore;
  readonly now: () => number;
  readonly namespace: string;
  /** The store of every namespace so far. */
  readonly stores: ReadonlyMap<string, MemoryStore>;
}

/** The memory provider with one edit, and the ids of the cases that must fail: these and no others. */
export interface Broken {
  readonly name: string;
  readonly fails: readonly string[];
  /** The methods that differ. */
  edit(bench: Bench): Partial<Provider>;
  /** What differs on this side of the wire; `sound` is the correct provider at the other end. */
  client?(sound: Provider, wire: Wire, bench: Bench): Partial<Provider>;
  /** Runs before a handle is opened, instead of the check that the store is reachable. */
  connect?(wire: Wire, namespace: string): Promise<void>;
  /** The options it declares to the kit. */
  readonly declares?: Pick<ConformanceOptions, "uncounted">;
  /** It does not answer, or stops answering, so the kit must not wait long. */
  readonly hangs?: true;
  /** The namespace that is used instead of the requested one. */
  readonly place?: (namespace: string) => string;
}

/** How one broken provider presents itself to the kit. */
export function presentBroken(broken: Broken): ConformanceOptions {
  const stores = new Map<string, MemoryStore>();
  const wire = new Wire();
  return { open, outage: wire.outage, ...broken.declares };

  async function open({ namespace: asked, now }: OpenOptions): Promise<Provider> {
    const namespace = broken.place?.(asked) ?? asked;
    await (broken.connect?.(wire, namespace) ?? wire.carry(async () => {}));
    const store = stores.get(namespace) ?? new MemoryStore(100_000);
    stores.set(namespace, store);
    const bench = { real: new MemoryProvider(store, now), store, now, namespace, stores };
    const sound = overWire({ ...methodsOf(bench.real), ...broken.edit(bench) }, wire);
    return { ...sound, ...broken.client?.(sound, wire, bench) };
  }
}

/** A kit's `open` for one broken provider. */
export function openBroken(broken: Broken): (options: OpenOptions) => Promise<Provider> {
  return presentBroken(broken).open;
}

function methodsOf(real: MemoryProvider): Provider {
  return {
    read: (key) => real.read(key),
    readMany: (keys) => Promise.all(keys.map((key) => real.read(key))),
    create: (key, record) => real.create(key, record),
    update: (key, record, expected) => real.update(key, record, expected),
    touch: (key, expiresAt, expected) => real.touch(key, expiresAt, expected),
    count: () => real.count(),
    gc: () => real.gc(),
    close: () => real.close(),
    keys: () => real.keys(),
    keysOf: (owner) => real.keysOf(owner),
  };
}

/** State that belongs to a store and is shared by its handles. */
export function perStore<T>(make: () => T): (store: MemoryStore) => T {
  const states = new WeakMap<MemoryStore, T>();
  return (store) => {
    const state = states.get(store) ?? make();
    states.set(store, state);
    return state;
  };
}

/** The record under the key, even if it has expired. */
export function evenExpired(bench: Bench, key: string): SessionRecord | undefined {
  return bench.store.find(key, Number.NEGATIVE_INFINITY);
}

/** The contract's update, which passes the new record through `change` before storing it. */
export async function updateWith(
  bench: Bench,
  [key, record, expected]: readonly [key: string, record: SessionRecord, expected: string],
  change: (next: SessionRecord, current: SessionRecord) => SessionRecord,
): Promise<Update> {
  const current = bench.store.find(key, bench.now());
  const answer = bench.real.update(key, record, expected);
  const next = bench.store.find(key, Number.NEGATIVE_INFINITY);
  if (current !== undefined && next !== undefined && next !== current) {
    bench.store.put(key, change(next, current), bench.now());
  }
  return answer;
}

/** Passes every text of the record through `change` before it is stored. */
export function storing(bench: Bench, change: (record: SessionRecord) => SessionRecord): Partial<Provider> {
  return {
    create: async (key, record) => bench.real.create(key, change(record)),
    update: async (key, record, expected) => bench.real.update(key, change(record), expected),
  };
}

/** One call after the other, as behind a lock. */
export function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}
