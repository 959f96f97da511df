import type { SessionRecord } from "../../provider.js";
import { type Bench, type Broken, evenExpired, queue } from "./bench.js";

async function lookThenStore(bench: Bench, key: string, record: SessionRecord): Promise<boolean> {
  if ((await bench.real.read(key)) !== undefined) return false;
  bench.store.put(key, record, bench.now());
  return true;
}

/** Creates that take a key that is not free, or refuse one that is. */
export const brokenCreates: readonly Broken[] = [
  {
    name: "create overwrites",
    fails: [
      "create-sent-again",
      "marker-holds-key",
      "marker-created",
      "create-refuses-session",
      "create-one-winner",
      "create-one-winner-across-handles",
      "expires-for-create",
      "fractions",
      "keys-of-earlier-expiry",
    ],
    edit: ({ real, store }) => ({
      async create(key, record) {
        await real.count();
        store.remove(key);
        return real.create(key, record);
      },
    }),
  },
  {
    name: "create overwrites markers",
    fails: ["marker-holds-key", "marker-created", "expires-for-create", "fractions"],
    edit: ({ real, store, now }) => ({
      async create(key, record) {
        if (store.find(key, now())?.retired !== undefined) store.remove(key);
        return real.create(key, record);
      },
    }),
  },
  {
    name: "create refuses where a record has expired",
    fails: ["expires-for-create", "gc-spares-the-renewed", "gc-against-creates"],
    edit: (bench) => ({
      async create(key, record) {
        return evenExpired(bench, key) === undefined && bench.real.create(key, record);
      },
    }),
  },
  {
    name: "create answers true to its own version",
    fails: ["create-sent-again"],
    edit: ({ real, store, now }) => ({
      async create(key, record) {
        return (await real.create(key, record)) || store.find(key, now())?.version === record.version;
      },
    }),
  },
  {
    name: "create is not atomic",
    fails: ["create-one-winner", "create-one-winner-across-handles"],
    edit: (bench) => ({ create: (key, record) => lookThenStore(bench, key, record) }),
  },
  {
    name: "create is atomic within a handle only",
    fails: ["create-one-winner-across-handles"],
    edit(bench) {
      const locked = queue();
      return { create: (key, record) => locked(() => lookThenStore(bench, key, record)) };
    },
  },
  {
    name: "create leaves the owner that was there",
    fails: ["expires-for-create"],
    edit: (bench) => ({
      async create(key, record) {
        const owner = evenExpired(bench, key)?.owner;
        return bench.real.create(key, owner === undefined ? record : { owner, ...record });
      },
    }),
  },
];
