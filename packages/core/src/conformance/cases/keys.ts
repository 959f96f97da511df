import type { Case } from "../case.js";
import { list, strangers } from "../kit.js";

/** More than the thousand that providers often list at a time. */
const many = 1100;
const churning = 60;

/** Listing every session: more keys are legal, fewer are not. */
export const keysCases: readonly Case[] = [
  {
    id: "keys-complete",
    rule: "C2",
    title: "keys yields every session, however many there are, and nothing that is no key",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const provider = await kit.open();
      const [record, keys] = [kit.session(), [] as string[]];
      while (keys.length < many) keys.push(...(await kit.fill(provider, new Array(100).fill(record))));
      const came = await list(provider.keys?.());
      kit.contains(came, keys, `keys of ${many} sessions`);
      kit.equal(strangers(came), 0, "listed that can be no keys");
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
  {
    id: "keys-under-gc",
    rule: "C2",
    title: "keys yields every session that is there throughout, while others expire and are collected",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const [provider, brief] = [await kit.open(), kit.session()];
      const long = kit.session({ expiresAt: brief.expiresAt + 600_000 });
      const keys = await kit.fill(
        provider,
        Array.from({ length: churning }, (_, index) => (index % 2 === 0 ? long : brief)),
      );
      const seen: string[] = [];
      for await (const key of provider.keys?.() ?? []) {
        seen.push(key);
        kit.clock.advanceTo(brief.expiresAt + 60_000);
        if (seen.length === 1) await provider.gc();
      }
      const staying = keys.filter((_, index) => index % 2 === 0);
      kit.contains(seen, staying, "keys while other sessions are collected");
    },
  },
  {
    id: "keys-empty",
    rule: "C2",
    title: "keys ends without an error where nothing is stored",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      await list((await kit.open()).keys?.());
    },
  },
];
