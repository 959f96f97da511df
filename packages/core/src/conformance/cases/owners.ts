import type { Case } from "../case.js";

/** The owner is part of the record, whether the provider has an index of owners or not. */
export const ownerCases: readonly Case[] = [
  {
    id: "owner-follows-record",
    rule: "C2",
    title: "a record has the owner it was last written with, or none",
    guide: "#owners",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      let before = kit.session();
      await provider.create(key, before);
      for (const owner of [kit.key(), kit.key(), undefined]) {
        const after = kit.session(owner === undefined ? {} : { owner });
        await provider.update(key, after, before.version);
        kit.equal((await provider.read(key))?.owner, owner, "owner after an update");
        before = after;
      }
    },
  },
  {
    id: "marker-keeps-owner",
    rule: "C2",
    title: "a marker has the owner it was written with",
    guide: "#owners",
    async run(kit) {
      const [provider, key, owner] = [await kit.open(), kit.key(), kit.key()];
      const [start, marker] = [kit.session({ owner }), kit.marker("", { owner })];
      await provider.create(key, start);
      await provider.update(key, marker, start.version);
      kit.equal((await provider.read(key))?.owner, owner, "owner of the marker");
    },
  },
];
