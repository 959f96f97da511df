import { MemoryProvider } from "../../memory/memory-provider.js";
import type { Provider, SessionRecord } from "../../provider.js";
import type { Bench, Broken } from "./bench.js";

/** Expiries are stored in whole milliseconds. */
function rounding(name: string, round: (time: number) => number): Broken {
  const stored = (record: SessionRecord) => ({ ...record, expiresAt: round(record.expiresAt) });
  return {
    name,
    fails: ["fractions"],
    edit: ({ real }) => ({
      create: async (key, record) => real.create(key, stored(record)),
      update: async (key, record, expected) => real.update(key, stored(record), expected),
      touch: async (key, expiresAt, expected) => real.touch(key, round(expiresAt), expected),
    }),
  };
}

function whole(time: number): number {
  if (!Number.isInteger(time)) throw new RangeError(`${time} is no integer`);
  return time;
}

function readAt({ real, store, now }: Bench, round: (time: number) => number): Partial<Provider> {
  const rounded = new MemoryProvider(store, () => round(now()));
  return {
    async read(key) {
      await real.count();
      return rounded.read(key);
    },
  };
}

/** Providers that assume clocks with whole milliseconds. */
export const brokenFractions: readonly Broken[] = [
  rounding("an expiry is rounded to the nearest millisecond", Math.round),
  rounding("an expiry is cut to whole milliseconds", Math.floor),
  rounding("an expiry that is no integer is an error", whole),
  {
    name: "now is rounded to the nearest millisecond",
    fails: ["fractions"],
    edit: (bench) => readAt(bench, Math.round),
  },
  { name: "now is rounded up", fails: ["fractions"], edit: (bench) => readAt(bench, Math.ceil) },
];
