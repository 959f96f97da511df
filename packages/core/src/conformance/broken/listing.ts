import type { MemoryStore } from "../../memory/memory-store.js";
import type { SessionRecord } from "../../provider.js";
import { list, turn } from "../kit.js";
import { type Bench, type Broken, perStore } from "./bench.js";

type Index = Map<string, Map<string, number>>;

const indexes = perStore<Index>(() => new Map());
const createCounts = perStore(() => ({ count: 0 }));

async function* withScores(keys: AsyncIterable<string>): AsyncGenerator<string> {
  for (const [score, key] of (await list(keys)).entries()) yield* [key, String(score)];
}

async function* allThere(keys: AsyncIterable<string>, store: MemoryStore): AsyncGenerator<string> {
  for (const key of await list(keys)) {
    if (store.find(key, Number.NEGATIVE_INFINITY) === undefined) throw new Error("a listed key is gone");
    yield key;
  }
}

async function* someThere(keys: AsyncIterable<string>): AsyncGenerator<string> {
  const found = await list(keys);
  if (found.length === 0) throw new Error("nothing is there");
  yield* found;
}

type Entry = Partial<SessionRecord> & Pick<SessionRecord, "expiresAt">;

function enter(index: Index, key: string, { owner, expiresAt }: Entry): void {
  if (owner === undefined) return;
  const entries = index.get(owner) ?? new Map<string, number>();
  index.set(owner, entries.set(key, Math.max(expiresAt, entries.get(key) ?? 0)));
}

/** Writes that `put` hears of before they are made. */
function announced(
  bench: Bench,
  put: (key: string, entry: Entry) => void,
): Pick<Bench["real"], "create" | "update" | "touch"> {
  return {
    create(key, record) {
      put(key, record);
      return bench.real.create(key, record);
    },
    update(key, record, expected) {
      put(key, record);
      return bench.real.update(key, record, expected);
    },
    touch(key, expiresAt, expected) {
      put(key, { ...bench.store.find(key, bench.now()), expiresAt });
      return bench.real.touch(key, expiresAt, expected);
    },
  };
}

/** An index of owners separate from the records, written before them. */
function indexed(bench: Bench, index: Index): Pick<Bench["real"], "create" | "update"> {
  const { create, update } = announced(bench, (key, entry) => enter(index, key, entry));
  return { create, update };
}

/** Entries count until a minute after the expiry that they were given. */
async function* lasting(bench: Bench, index: Index, owner: string): AsyncGenerator<string> {
  await bench.real.count();
  const entries = [...(index.get(owner) ?? [])];
  for (const [key, expiresAt] of entries) if (expiresAt > bench.now() - 60_000) yield key;
}

/** Counting and listing that omit something, or add something. */
export const brokenListing: readonly Broken[] = [
  {
    name: "count counts creates",
    fails: ["expires-for-count", "count-sessions", "count-without-markers", "count-many-expiries", "fractions"],
    edit: ({ real, store }) => ({
      create(key, record) {
        if (record.retired === undefined) createCounts(store).count += 1;
        return real.create(key, record);
      },
      async count() {
        const sessions = await real.count();
        return Math.max(sessions, createCounts(store).count);
      },
    }),
  },
  {
    name: "keys and keysOf yield what stands beside the keys",
    fails: ["keys-complete", "keys-of-complete"],
    edit: ({ real }) => ({ keys: () => withScores(real.keys()), keysOf: (owner) => withScores(real.keysOf(owner)) }),
  },
  {
    name: "keysOf leaves markers out",
    fails: ["keys-of-markers", "keys-of-spares-slow-clocks"],
    edit: ({ real, store, now }) => ({
      async *keysOf(owner) {
        for await (const key of real.keysOf(owner)) if (store.find(key, now())?.retired === undefined) yield key;
      },
    }),
  },
  {
    name: "owners are indexed by create only",
    fails: ["keys-of-new-owner", "keys-of-updated-once-read"],
    edit: (bench) => ({
      create: indexed(bench, indexes(bench.store)).create,
      async *keysOf(owner) {
        await bench.real.count();
        yield* indexes(bench.store).get(owner)?.keys() ?? [];
      },
    }),
  },
  {
    name: "each handle has its own index of owners",
    fails: [
      "keys-of-other-handle",
      "keys-of-spares-slow-clocks",
      "keys-of-created-once-read",
      "keys-of-updated-once-read",
    ],
    edit(bench) {
      const index: Index = new Map();
      return {
        ...indexed(bench, index),
        async *keysOf(owner) {
          await bench.real.count();
          yield* index.get(owner)?.keys() ?? [];
        },
      };
    },
  },
  {
    name: "an index entry goes because the record is missing",
    fails: ["keys-of-during-create", "keys-of-spares-slow-clocks"],
    edit(bench) {
      const index = indexes(bench.store);
      return {
        ...indexed(bench, index),
        async create(key, record) {
          enter(index, key, record);
          await turn();
          return bench.real.create(key, record);
        },
        async *keysOf(owner) {
          await bench.real.count();
          for (const key of [...(index.get(owner)?.keys() ?? [])]) {
            if (bench.store.find(key, bench.now()) === undefined) index.get(owner)?.delete(key);
            else yield key;
          }
        },
      };
    },
  },
  {
    name: "an index entry goes with the first expiry of its record",
    fails: ["keys-of-renewed"],
    edit(bench) {
      const index = indexes(bench.store);
      return {
        create: indexed(bench, index).create,
        async update(key, record, expected) {
          if (!index.get(record.owner ?? "")?.has(key)) enter(index, key, record);
          return bench.real.update(key, record, expected);
        },
        keysOf: (owner) => lasting(bench, index, owner),
      };
    },
  },
  {
    name: "an index entry goes with the expiry that was sent last",
    fails: ["keys-of-earlier-expiry"],
    edit(bench) {
      const index = indexes(bench.store);
      const put = (key: string, { owner = "", expiresAt }: Entry) =>
        index.set(owner, (index.get(owner) ?? new Map<string, number>()).set(key, expiresAt));
      return { ...announced(bench, put), keysOf: (owner) => lasting(bench, index, owner) };
    },
  },
  {
    name: "an index entry that lasts longer than its record is moved on too late",
    fails: ["keys-of-renewed"],
    edit(bench) {
      const index = indexes(bench.store);
      const renew = (key: string, entry: Entry) => {
        const stands = index.get(entry.owner ?? "")?.get(key) ?? 0;
        if (entry.expiresAt > stands + 600_000) enter(index, key, entry);
      };
      return {
        ...announced(bench, renew),
        create: indexed(bench, index).create,
        keysOf: (owner) => lasting(bench, index, owner),
      };
    },
  },
  {
    name: "keysOf leaves out what expires within a minute",
    fails: ["keys-of-markers", "keys-of-renewed", "keys-of-earlier-expiry"],
    edit: ({ real, store, now }) => ({
      async *keysOf(owner) {
        for await (const key of real.keysOf(owner)) if (store.find(key, now() + 60_000) !== undefined) yield key;
      },
    }),
  },
  {
    name: "an owner stays once he is known",
    fails: ["owner-follows-record", "keys-of-new-owner"],
    edit: ({ real, store, now }) => ({
      update(key, record, expected) {
        const owner = store.find(key, now())?.owner;
        return real.update(key, owner === undefined ? record : { ...record, owner }, expected);
      },
    }),
  },
  {
    name: "update drops the owner",
    fails: [
      "owner-follows-record",
      "marker-keeps-owner",
      "keys-of-markers",
      "keys-of-new-owner",
      "keys-of-renewed",
      "keys-of-earlier-expiry",
      "keys-of-updated-once-read",
    ],
    edit: ({ real }) => ({ update: (key, { owner, ...record }, expected) => real.update(key, record, expected) }),
  },
  {
    name: "keys and keysOf reject when something is collected under them",
    fails: ["keys-under-gc", "keys-of-under-gc"],
    edit: ({ real, store }) => ({
      keys: () => allThere(real.keys(), store),
      keysOf: (owner) => allThere(real.keysOf(owner), store),
    }),
  },
  {
    name: "keys and keysOf reject where there is nothing to list",
    fails: ["keys-empty", "keys-of-nobody", "keys-of-spares-slow-clocks"],
    edit: ({ real }) => ({
      keys: () => someThere(real.keys()),
      keysOf: (owner) => someThere(real.keysOf(owner)),
    }),
  },
];
