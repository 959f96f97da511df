import type { SessionRecord, Update } from "../../provider.js";
import { type Bench, type Broken, evenExpired, queue } from "./bench.js";

/** Reads, waits, and writes what it decided before the wait. */
async function readThenWrite(bench: Bench, key: string, record: SessionRecord, expected: string): Promise<Update> {
  const current = await bench.real.read(key);
  if (current?.version !== expected) return { written: false, current };
  const expiresAt = record.retired === undefined ? Math.max(current.expiresAt, record.expiresAt) : record.expiresAt;
  bench.store.put(key, { ...record, expiresAt }, bench.now());
  return { written: true };
}

/** Updates that are right only without concurrency. */
export const brokenRaces: readonly Broken[] = [
  {
    name: "update is not atomic",
    fails: [
      "increments-exact",
      "update-one-winner",
      "update-one-winner-across-handles",
      "retire-one-winner",
      "destroy-against-saves",
      "updates-keep-touches",
    ],
    edit: (bench) => ({ update: (key, record, expected) => readThenWrite(bench, key, record, expected) }),
  },
  {
    name: "update is atomic within a handle only",
    fails: ["update-one-winner-across-handles"],
    edit: (bench) => {
      const locked = queue();
      return { update: (key, record, expected) => locked(() => readThenWrite(bench, key, record, expected)) };
    },
  },
  {
    name: "update writes the version first and the data later",
    fails: [
      "increments-exact",
      "update-one-winner",
      "update-one-winner-across-handles",
      "retire-one-winner",
      "reads-are-whole",
      "reads-are-there",
    ],
    edit: (bench) => ({
      async update(key, record, expected) {
        const data = bench.store.find(key, bench.now())?.data ?? "";
        const answer = await bench.real.update(key, { ...record, data }, expected);
        const half = evenExpired(bench, key);
        if (answer.written && half?.version === record.version) {
          bench.store.put(key, { ...half, data: record.data }, bench.now());
        }
        return answer;
      },
    }),
  },
  {
    name: "each handle caches what it has read",
    fails: [
      "reads-are-there",
      "update-in-both-orders",
      "logout-seen-everywhere",
      "logout-seen-at-once",
      "outage-ends-down",
      "outage-ends-silent",
      "saves-seen-at-once",
    ],
    edit({ real }) {
      const cache = new Map<string, SessionRecord>();
      return {
        async read(key) {
          const record = await real.read(key);
          if (record === undefined) return undefined;
          const cached = cache.get(key) ?? record;
          cache.set(key, cached);
          return { ...cached };
        },
        async update(key, record, expected) {
          const answer = await real.update(key, record, expected);
          if (answer.written) cache.delete(key);
          return answer;
        },
        async touch(key, expiresAt, expected) {
          const touched = await real.touch(key, expiresAt, expected);
          if (touched) cache.delete(key);
          return touched;
        },
      };
    },
  },
];
