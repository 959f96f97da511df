import type { Provider, SessionRecord } from "../../provider.js";
import { turn } from "../kit.js";
import { type Bench, type Broken, perStore, queue } from "./bench.js";

const locks = perStore(queue);

/** Writes run one after the other; between the two steps of an update the record is missing. */
function inTwoSteps({ real, store, now }: Bench): Partial<Provider> {
  const locked = locks(store);
  return {
    create: (key, record) => locked(() => real.create(key, record)),
    touch: (key, expiresAt, expected) => locked(() => real.touch(key, expiresAt, expected)),
    update: (key, record, expected) =>
      locked(async () => {
        const current = await real.read(key);
        if (current?.version !== expected) return { written: false, current };
        store.remove(key);
        await turn();
        const later = Math.max(current.expiresAt, record.expiresAt);
        store.put(key, { ...record, expiresAt: record.retired === undefined ? later : record.expiresAt }, now());
        return { written: true };
      }),
  };
}

/**
 * A cache in one handle, of the records that `keep` selects. A write of the handle, even a refused one, removes its
 * key.
 */
function caching({ real, now }: Bench, keep: (record: SessionRecord | undefined) => boolean): Partial<Provider> {
  const cache = new Map<string, SessionRecord | undefined>();
  const forget = (key: string) => cache.delete(key);
  return {
    async read(key) {
      await real.count();
      const record = cache.has(key) ? cache.get(key) : await real.read(key);
      if (keep(record)) cache.set(key, record);
      return record && record.expiresAt > now() ? { ...record } : undefined;
    },
    create: (key, record) => real.create(key, record).finally(() => forget(key)),
    update: (key, record, expected) => real.update(key, record, expected).finally(() => forget(key)),
    touch: (key, expiresAt, expected) => real.touch(key, expiresAt, expected).finally(() => forget(key)),
  };
}

/** Handles that see removed records, or do not see existing ones. */
export const brokenSight: readonly Broken[] = [
  { name: "update removes the record before it writes the new one", fails: ["reads-are-there"], edit: inTwoSteps },
  {
    name: "each handle caches what it has read until it writes",
    fails: ["reads-are-there", "logout-seen-at-once", "saves-seen-at-once", "outage-ends-down", "outage-ends-silent"],
    edit: (bench) => caching(bench, (record) => record !== undefined),
  },
  {
    name: "each handle remembers that nothing was there",
    fails: ["creates-seen-at-once"],
    edit: (bench) => caching(bench, (record) => record === undefined),
  },
];
