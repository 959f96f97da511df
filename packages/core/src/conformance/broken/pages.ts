import { list } from "../kit.js";
import type { Broken } from "./bench.js";

/** Pages by position: a record that is removed meanwhile shifts the rest. */
async function* byOffset(size: number, listing: () => AsyncIterable<string>): AsyncGenerator<string> {
  for (let offset = 0; ; offset += size) {
    const page = (await list(listing())).slice(offset, offset + size);
    yield* page;
    if (page.length < size) return;
  }
}

async function* firstPage(keys: AsyncIterable<string>, size: number): AsyncGenerator<string> {
  for (const key of (await list(keys)).slice(0, size)) yield key;
}

/** Listings that do not end, or end in the wrong way. */
export const brokenPages: readonly Broken[] = [
  {
    name: "keys lists its first page",
    fails: ["keys-complete", "keys-by-pages"],
    edit: ({ real }) => ({ keys: () => firstPage(real.keys(), 1000) }),
  },
  {
    name: "keys lists by position",
    fails: ["keys-by-pages"],
    edit: ({ real }) => ({ keys: () => byOffset(500, () => real.keys()) }),
  },
  {
    name: "keys lists by position, on small pages",
    fails: ["keys-under-churn", "keys-by-pages", "keys-under-gc"],
    edit: ({ real }) => ({ keys: () => byOffset(20, () => real.keys()) }),
  },
  {
    name: "keysOf lists its first page",
    fails: ["keys-of-complete", "keys-of-by-pages"],
    edit: ({ real }) => ({ keysOf: (owner) => firstPage(real.keysOf(owner), 1000) }),
  },
  {
    name: "keysOf lists by position",
    fails: ["keys-of-by-pages"],
    edit: ({ real }) => ({ keysOf: (owner) => byOffset(500, () => real.keysOf(owner)) }),
  },
  {
    name: "keysOf lists by position, on small pages",
    fails: ["keys-of-under-churn", "keys-of-by-pages", "keys-of-under-gc"],
    edit: ({ real }) => ({ keysOf: (owner) => byOffset(10, () => real.keysOf(owner)) }),
  },
  {
    name: "a listing gives back its connection at its end only",
    fails: ["keys-abandoned", "keys-of-abandoned"],
    edit({ real }) {
      let lent = 0;
      async function* lending(keys: AsyncIterable<string>): AsyncGenerator<string> {
        lent += 1;
        yield* keys;
        lent -= 1;
      }
      return {
        read: (key) => (lent > 10 ? Promise.reject(new Error("the pool is empty")) : real.read(key)),
        keys: () => lending(real.keys()),
        keysOf: (owner) => lending(real.keysOf(owner)),
      };
    },
  },
];
