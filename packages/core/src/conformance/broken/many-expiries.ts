import { type Broken, perStore } from "./bench.js";

const expiries = perStore(() => new Map<string, number>());

/** Providers that assume that records expire in the order in which they were written. */
export const brokenManyExpiries: readonly Broken[] = [
  {
    name: "count takes the order of creation for that of expiry",
    fails: ["count-many-expiries"],
    edit: ({ real, store, now }) => ({
      async count() {
        await real.count();
        const all = [...store.keys(() => Number.NEGATIVE_INFINITY)];
        const first = all.findIndex((key) => store.find(key, now()) !== undefined);
        return first < 0 ? 0 : all.length - first;
      },
    }),
  },
  {
    name: "gc stops at the first living record, in the order of creation",
    fails: ["gc-many-expiries"],
    edit: ({ real, store, now }) => ({
      create(key, record) {
        expiries(store).set(key, record.expiresAt);
        return real.create(key, record);
      },
      async gc() {
        await real.count();
        let removed = 0;
        for (const key of expiries(store).keys()) {
          if ((store.find(key, -1)?.expiresAt ?? 0) > now() - 60_000) break;
          expiries(store).delete(key);
          store.remove(key);
          removed += 1;
        }
        return removed;
      },
    }),
  },
];
