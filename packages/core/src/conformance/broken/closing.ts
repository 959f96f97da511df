import { MemoryProvider } from "../../memory/memory-provider.js";
import type { Provider } from "../../provider.js";
import { turn } from "../kit.js";
import { type Bench, type Broken, perStore } from "./bench.js";

const groups = perStore(() => [] as MemoryProvider[]);

/** One method of a handle that still works after the handle was closed. */
function unclosed(method: keyof Provider, edit: (open: MemoryProvider) => Partial<Provider>): Broken {
  return {
    name: `${method} works after close`,
    fails: ["closed-rejects"],
    edit: ({ store, now }: Bench) => edit(new MemoryProvider(store, now)),
  };
}

/** Handles that do not close, or that close others as well. */
export const brokenClosing: readonly Broken[] = [
  { name: "close does not close", fails: ["closed-rejects"], edit: () => ({ close: async () => {} }) },
  unclosed("gc", (open) => ({ gc: () => open.gc() })),
  unclosed("keysOf", (open) => ({ keysOf: (owner) => open.keysOf(owner) })),
  {
    name: "diagnose of a closed handle finds that it cannot find out",
    fails: ["closed-rejects"],
    edit: () => ({ diagnose: async () => [{ subject: "server", state: "unknown", text: "it does not answer" }] }),
  },
  {
    name: "a closed handle throws where it has to reject",
    fails: ["closed-rejects"],
    edit({ real }) {
      let isClosed = false;
      return {
        touch(key, expiresAt, expected) {
          if (isClosed) throw new Error("closed");
          return real.touch(key, expiresAt, expected);
        },
        close() {
          isClosed = true;
          return real.close();
        },
      };
    },
  },
  {
    name: "close leaves what is under way to itself",
    fails: ["close-waits"],
    edit: ({ real }) => ({
      async create(key, record) {
        for (let turns = 0; turns < 3; turns += 1) await turn();
        return real.create(key, record);
      },
    }),
  },
  {
    name: "close rejects the second time",
    fails: ["close-twice"],
    edit: ({ real }) => ({
      async close() {
        await real.count();
        await real.close();
      },
    }),
  },
  {
    name: "close closes every handle",
    fails: ["close-alone"],
    edit({ real, store }) {
      groups(store).push(real);
      return {
        async close() {
          for (const handle of groups(store)) await handle.close();
        },
      };
    },
  },
  {
    name: "close clears the store",
    fails: ["close-alone", "data-outlives-handles"],
    edit: ({ real, store }) => ({
      async close() {
        await real.close();
        store.collect(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      },
    }),
  },
];
