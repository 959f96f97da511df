import { copyRecord } from "../../memory/memory-store.js";
import { type Bench, type Broken, evenExpired, perStore, updateWith } from "./bench.js";

const storeEnds = perStore(() => new Map<string, number>());

/** Moves the expiry of a session if the contract's touch would return true. */
function setExpiry(bench: Bench, key: string, expiresAt: number, expected: string): boolean {
  const current = bench.store.find(key, bench.now());
  if (current?.version !== expected || current.retired !== undefined) return false;
  bench.store.put(key, { ...current, expiresAt }, bench.now());
  return true;
}

/** Expiry that is ignored, moved back, moved by the wrong call, or off by a little. */
export const brokenExpiry: readonly Broken[] = [
  {
    name: "read ignores expiry",
    fails: ["expired-stays-dead", "expires-for-read", "expires-far-away", "marker-takes-own-expiry", "fractions"],
    edit: (bench) => ({
      async read(key) {
        await bench.real.count();
        const record = evenExpired(bench, key);
        return record && copyRecord(record);
      },
    }),
  },
  {
    name: "read is a millisecond late",
    fails: ["expires-for-read", "expires-far-away", "marker-takes-own-expiry", "fractions"],
    edit: ({ real, store, now }) => ({
      async read(key) {
        await real.count();
        const record = store.find(key, now() - 1);
        return record && copyRecord(record);
      },
    }),
  },
  {
    name: "read is a second early",
    fails: [
      "expires-for-read",
      "update-never-shortens",
      "update-extends",
      "touch-extends",
      "writes-spare-others",
      "fractions",
    ],
    edit: ({ real, store, now }) => ({
      async read(key) {
        await real.count();
        const record = store.find(key, now() + 999);
        return record && copyRecord(record);
      },
    }),
  },
  {
    name: "touch ignores expiry",
    fails: ["expired-stays-dead", "expires-for-touch"],
    edit: (bench) => ({
      async touch(key, expiresAt, expected) {
        const current = evenExpired(bench, key);
        const revived =
          current?.version === expected && current.retired === undefined && current.expiresAt <= bench.now();
        if (revived) bench.store.put(key, { ...current, expiresAt }, bench.now());
        return revived || bench.real.touch(key, expiresAt, expected);
      },
    }),
  },
  {
    name: "touch creates",
    fails: ["touch-creates-nothing"],
    edit: (bench) => ({
      async touch(key, expiresAt, version) {
        if (evenExpired(bench, key) === undefined) await bench.real.create(key, { data: "", version, expiresAt });
        return bench.real.touch(key, expiresAt, version);
      },
    }),
  },
  {
    name: "touch writes back what it has read",
    fails: ["touch-against-writes", "touches-keep-latest", "updates-keep-touches"],
    edit: (bench) => ({
      async touch(key, expiresAt, expected) {
        const current = await bench.real.read(key);
        if (current?.version !== expected || current.retired !== undefined) return false;
        bench.store.put(key, { ...current, expiresAt: Math.max(expiresAt, current.expiresAt) }, bench.now());
        return true;
      },
    }),
  },
  {
    name: "touch answers true and moves nothing",
    fails: [
      "touch-extends",
      "gc-spares-the-renewed",
      "keys-of-spares-slow-clocks",
      "keys-of-renewed",
      "count-many-expiries",
      "gc-many-expiries",
      "brief-lives-spare-slow-clocks",
      "fractions",
      "saves-seen-at-once",
      "touches-keep-latest",
      "updates-keep-touches",
    ],
    edit: (bench) => ({
      touch: (key, _, expected) => bench.real.touch(key, 0, expected),
    }),
  },
  {
    name: "touch moves the expiry back",
    fails: ["touch-never-shortens", "touches-keep-latest"],
    edit: (bench) => ({
      async touch(key, expiresAt, expected) {
        await bench.real.count();
        return setExpiry(bench, key, expiresAt, expected);
      },
    }),
  },
  {
    name: "touch changes the version",
    fails: [
      "reads-are-there",
      "touch-against-writes",
      "touch-never-shortens",
      "touch-keeps-the-rest",
      "brief-lives-spare-slow-clocks",
      "fractions",
      "saves-seen-at-once",
      "updates-keep-touches",
    ],
    edit: ({ real, store, now }) => ({
      async touch(key, expiresAt, expected) {
        const touched = await real.touch(key, expiresAt, expected);
        const current = store.find(key, now());
        if (touched && current !== undefined) store.put(key, { ...current, version: `${expected}+` }, now());
        return touched;
      },
    }),
  },
  {
    name: "touch ignores the version",
    fails: ["versions-by-equality", "touch-refuses-other-version"],
    edit: ({ real, store, now }) => ({
      async touch(key, expiresAt, expected) {
        const current = store.find(key, now());
        return real.touch(key, expiresAt, current?.retired === undefined ? (current?.version ?? expected) : expected);
      },
    }),
  },
  {
    name: "update moves the expiry back",
    fails: ["update-never-shortens", "updates-keep-touches", "keys-of-earlier-expiry"],
    edit: (bench) => ({
      update: (key, record, expected) =>
        updateWith(bench, [key, record, expected], (next) => ({ ...next, expiresAt: record.expiresAt })),
    }),
  },
  {
    name: "update leaves the expiry where it was",
    fails: ["update-extends", "gc-spares-the-renewed", "keys-of-renewed", "count-many-expiries", "gc-many-expiries"],
    edit: (bench) => ({
      update: (key, record, expected) =>
        updateWith(bench, [key, record, expected], (next, { expiresAt }) =>
          next.retired === undefined ? { ...next, expiresAt } : next,
        ),
    }),
  },
  {
    name: "create cuts a long life short, as 32 bits do",
    fails: ["expires-far-away"],
    edit: ({ real, now }) => ({
      create: (key, record) =>
        real.create(key, { ...record, expiresAt: Math.min(record.expiresAt, now() + 0x7fff_ffff) }),
    }),
  },
  {
    name: "count counts the expired",
    fails: ["expires-for-count", "count-many-expiries", "fractions"],
    edit: ({ real, store }) => ({
      async count() {
        await real.count();
        return store.count(Number.NEGATIVE_INFINITY);
      },
    }),
  },
  {
    name: "the store forgets at the expiry, by a clock of its own",
    fails: ["brief-lives-spare-slow-clocks"],
    edit({ real, store, now }) {
      const ends = storeEnds(store);
      return {
        create(key, record) {
          ends.set(key, performance.now() + Math.max(1, record.expiresAt - now()));
          return real.create(key, record);
        },
        async read(key) {
          if ((ends.get(key) ?? Number.POSITIVE_INFINITY) <= performance.now()) store.remove(key);
          return real.read(key);
        },
      };
    },
  },
];
