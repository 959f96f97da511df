import { MemoryProvider } from "../../memory/memory-provider.js";
import type { Bench, Broken } from "./bench.js";

/** Handles in every namespace whose name begins with this one's. */
function beginningWith({ namespace, stores, now }: Bench): MemoryProvider[] {
  const found = [...stores].filter(([name]) => name.startsWith(namespace));
  return found.map(([, store]) => new MemoryProvider(store, now));
}

/** Handles in every other namespace whose name is this one's name followed by letters that keys have. */
function runningOn({ namespace, stores, now }: Bench): MemoryProvider[] {
  const others = [...stores].filter(
    ([name]) => name.startsWith(namespace) && /^[0-9a-f]+$/.test(name.slice(namespace.length)),
  );
  return others.map(([, store]) => new MemoryProvider(store, now));
}

/** Namespaces that see each other. */
export const brokenNamespaces: readonly Broken[] = [
  {
    name: "the namespace is ignored",
    fails: [
      "namespaces-read",
      "namespaces-create",
      "namespaces-write",
      "namespaces-count",
      "namespaces-gc",
      "namespaces-keys",
      "namespaces-keys-of",
      "read-many-namespaces",
    ],
    place: (namespace) => namespace.slice(2, 14),
    edit: () => ({}),
  },
  {
    name: "the namespace is matched as a pattern",
    fails: [
      "namespaces-read",
      "namespaces-create",
      "namespaces-write",
      "namespaces-count",
      "namespaces-gc",
      "namespaces-keys",
      "namespaces-keys-of",
      "read-many-namespaces",
    ],
    place: (namespace) => namespace.replace(/^k./, "k?"),
    edit: () => ({}),
  },
  {
    name: "the namespace is matched by its beginning",
    fails: [
      "namespaces-read",
      "namespaces-create",
      "namespaces-write",
      "namespaces-count",
      "namespaces-gc",
      "namespaces-keys",
      "namespaces-keys-of",
      "read-many-namespaces",
    ],
    place: (namespace) => namespace.slice(0, 14),
    edit: () => ({}),
  },
  {
    name: "count counts every namespace with the same beginning",
    fails: ["namespaces-count"],
    edit: (bench) => ({
      async count() {
        const counts = await Promise.all([bench.real, ...beginningWith(bench)].map((handle) => handle.count()));
        return counts.slice(1).reduce((sum, count) => sum + count, 0);
      },
    }),
  },
  {
    name: "keys lists every namespace with the same beginning",
    fails: ["namespaces-keys"],
    edit: (bench) => ({
      async *keys() {
        yield* bench.real.keys();
        for (const handle of beginningWith(bench)) yield* handle.keys();
      },
    }),
  },
  {
    name: "keysOf lists every namespace with the same beginning",
    fails: ["namespaces-keys-of"],
    edit: (bench) => ({
      async *keysOf(owner) {
        yield* bench.real.keysOf(owner);
        for (const handle of beginningWith(bench)) yield* handle.keysOf(owner);
      },
    }),
  },
  {
    name: "gc collects every namespace with the same beginning",
    fails: ["namespaces-gc"],
    edit: (bench) => ({
      async gc() {
        const removed = await Promise.all([bench.real, ...beginningWith(bench)].map((handle) => handle.gc()));
        return removed.reduce((sum, count) => sum + count, 0);
      },
    }),
  },
  {
    name: "count and keys take a name that runs on like a key for their own",
    fails: ["namespaces-count", "namespaces-keys"],
    edit: (bench) => ({
      async count() {
        const counts = await Promise.all([bench.real, ...runningOn(bench)].map((handle) => handle.count()));
        return counts.reduce((sum, count) => sum + count, 0);
      },
      async *keys() {
        yield* bench.real.keys();
        for (const handle of runningOn(bench)) yield* handle.keys();
      },
    }),
  },
];
