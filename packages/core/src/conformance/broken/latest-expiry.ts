import { type Broken, updateWith } from "./bench.js";

/** The later of two expiries, computed from an expiry that was read earlier. */
export const brokenLatestExpiry: readonly Broken[] = [
  {
    name: "touch takes the later of its own expiry and of one that it has read",
    fails: ["touches-keep-latest"],
    edit: ({ real, store, now }) => ({
      async touch(key, expiresAt, expected) {
        const before = await real.read(key);
        const current = store.find(key, now());
        if (current?.version !== expected || current.retired !== undefined) return false;
        const later = Math.max(expiresAt, before?.expiresAt ?? 0);
        if (later !== before?.expiresAt) store.put(key, { ...current, expiresAt: later }, now());
        return true;
      },
    }),
  },
  {
    name: "update takes the later of its own expiry and of one that it has read",
    fails: ["updates-keep-touches"],
    edit: (bench) => ({
      async update(key, record, expected) {
        const before = await bench.real.read(key);
        const later = Math.max(record.expiresAt, before?.expiresAt ?? 0);
        return updateWith(bench, [key, record, expected], (next) =>
          next.retired === undefined ? { ...next, expiresAt: later } : next,
        );
      },
    }),
  },
];
