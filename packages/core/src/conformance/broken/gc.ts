import type { Provider } from "../../provider.js";
import { turn } from "../kit.js";
import { type Bench, type Broken, perStore } from "./bench.js";

const firstExpiries = perStore(() => new Map<string, number>());

/** Collecting too much, too early, too little, or by the wrong expiry. */
export const brokenGc: readonly Broken[] = [
  {
    name: "gc takes the living",
    fails: [
      "gc-spares-the-living",
      "gc-spares-the-renewed",
      "gc-spares-slow-clocks",
      "gc-against-creates",
      "gc-counts",
      "keys-of-spares-slow-clocks",
      "keys-of-renewed",
      "keys-of-earlier-expiry",
      "gc-many-expiries",
      "keys-under-gc",
      "keys-of-under-gc",
    ],
    edit: ({ real, store, now }) => ({
      async gc() {
        await real.count();
        return store.collect(now() + 3_600_000, Number.POSITIVE_INFINITY);
      },
    }),
  },
  {
    name: "gc takes what expired just now",
    fails: ["gc-spares-slow-clocks", "gc-counts", "keys-of-spares-slow-clocks", "gc-many-expiries"],
    edit: ({ real, store, now }) => ({
      async gc() {
        await real.count();
        return store.collect(now(), Number.POSITIVE_INFINITY);
      },
    }),
  },
  {
    name: "gc takes what was once to expire",
    fails: ["gc-spares-the-renewed", "gc-against-creates", "keys-of-renewed", "gc-many-expiries"],
    edit: ({ real, store, now }) => ({
      create(key, record) {
        const expiries = firstExpiries(store);
        if (!expiries.has(key)) expiries.set(key, record.expiresAt);
        return real.create(key, record);
      },
      async gc() {
        const removed = await real.gc();
        const stale = [...firstExpiries(store)].filter(([, expiresAt]) => expiresAt <= now() - 60_000);
        for (const [key] of stale) {
          firstExpiries(store).delete(key);
          store.remove(key);
        }
        return removed;
      },
    }),
  },
  {
    name: "gc looks first and removes later",
    fails: ["gc-against-creates", "gc-by-two"],
    edit: ({ real, store, now }) => ({
      create(key, record) {
        firstExpiries(store).set(key, record.expiresAt);
        return real.create(key, record);
      },
      async gc() {
        const until = now() - 60_000;
        const found = [...firstExpiries(store).keys()].filter((key) => (store.find(key, -1)?.expiresAt ?? 0) <= until);
        const removed = found.filter((key) => store.find(key, -1) !== undefined).length;
        await real.count();
        for (const key of found) store.remove(key);
        return removed;
      },
    }),
  },
  {
    name: "gc reports what it found, whoever removed it",
    fails: ["gc-by-two"],
    edit: ({ real, store, now }) => ({
      async gc() {
        const until = now() - 60_000;
        const there = store.count(Number.NEGATIVE_INFINITY);
        const found = there - store.count(until);
        await turn();
        return Math.max(found, await real.gc());
      },
    }),
  },
  {
    name: "gc does not count",
    fails: ["gc-counts", "gc-takes-all", "namespaces-gc", "gc-many-expiries", "fractions", "gc-by-two"],
    edit: ({ real }) => ({
      async gc() {
        await real.gc();
        return 0;
      },
    }),
  },
  {
    name: "gc stops after its first batch",
    fails: ["gc-takes-all"],
    edit: ({ real, store, now }) => ({
      async gc() {
        await real.count();
        return store.collect(now() - 60_000, 1000);
      },
    }),
  },
  {
    name: "create clears away what is about to expire",
    fails: [
      "writes-spare-others",
      "writes-spare-slow-clocks",
      "brief-lives-spare-slow-clocks",
      "keys-of-spares-slow-clocks",
      "keys-of-earlier-expiry",
    ],
    edit: (bench) => clearingAfterCreate(bench, 1),
  },
  {
    name: "create clears away what has just expired",
    fails: ["writes-spare-slow-clocks", "keys-of-spares-slow-clocks"],
    edit: (bench) => clearingAfterCreate(bench, 0),
  },
];

function clearingAfterCreate({ real, store, now }: Bench, ahead: number): Partial<Provider> {
  return {
    async create(key, record) {
      const created = await real.create(key, record);
      if (created) store.collect(now() + ahead, Number.POSITIVE_INFINITY);
      return created;
    },
  };
}
