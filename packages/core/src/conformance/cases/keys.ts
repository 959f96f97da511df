import type { Case } from "../case.js";
import { list } from "../kit.js";

/** More than a page of any store that lists by pages. */
const many = 250;
const churning = 60;

/** Listing every session: more keys are legal, fewer are not. */
export const keysCases: readonly Case[] = [
  {
    id: "keys-complete",
    rule: "C2",
    title: "keys yields every session, however many there are",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const provider = await kit.open();
      const keys = await kit.fill(
        provider,
        Array.from({ length: many }, () => kit.session()),
      );
      kit.contains(await list(provider.keys?.()), keys, `keys of ${many} sessions`);
    },
  },
  {
    id: "keys-under-churn",
    rule: "C2",
    title: "keys yields every session that is there throughout, while others come and go",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const keys = await kit.fill(provider, new Array(churning).fill(record));
      const leaving = new Set(keys.filter((_, index) => index % 2 !== 0));
      const seen: string[] = [];
      for await (const key of provider.keys?.() ?? []) {
        seen.push(key);
        if (leaving.has(key)) await provider.update(key, kit.marker(), record.version);
        else await provider.touch(key, record.expiresAt + seen.length, record.version);
        if (seen.length < churning) await provider.create(kit.key(), kit.session());
      }
      const staying = keys.filter((key) => !leaving.has(key));
      kit.contains(seen, staying, "keys while listed sessions are retired and others created");
    },
  },
];
