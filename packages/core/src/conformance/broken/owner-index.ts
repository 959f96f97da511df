import type { SessionRecord } from "../../provider.js";
import { turn } from "../kit.js";
import { type Broken, perStore } from "./bench.js";

const indexes = perStore(() => new Map<string, Set<string>>());

/** An index of owners that is written after the records. */
export const brokenOwnerIndex: readonly Broken[] = [
  {
    name: "owners are indexed after their records are written",
    fails: ["keys-of-created-once-read", "keys-of-updated-once-read"],
    edit({ real, store }) {
      const enter = async (key: string, { owner }: SessionRecord) => {
        await turn();
        if (owner === undefined) return;
        const keys = indexes(store).get(owner) ?? new Set();
        indexes(store).set(owner, keys.add(key));
      };
      return {
        async create(key, record) {
          const created = await real.create(key, record);
          if (created) await enter(key, record);
          return created;
        },
        async update(key, record, expected) {
          const answer = await real.update(key, record, expected);
          if (answer.written) await enter(key, record);
          return answer;
        },
        async *keysOf(owner) {
          await real.count();
          yield* indexes(store).get(owner) ?? [];
        },
      };
    },
  },
];
