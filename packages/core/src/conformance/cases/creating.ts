import type { Case } from "../case.js";

/** Creating a session: only if the key is free. */
export const creatingCases: readonly Case[] = [
  {
    id: "create-refuses-session",
    rule: "G4",
    title: "nothing is created over a living session",
    guide: "#create",
    async run(kit) {
      const [provider, key, there] = [await kit.open(), kit.key(), kit.session()];
      kit.equal(await provider.create(key, there), true, "create on a free key");
      kit.equal(await provider.create(key, kit.session()), false, "create over a session");
      kit.equal(await provider.create(key, kit.marker()), false, "create of a marker over a session");
      kit.record(await provider.read(key), there, "read after both");
    },
  },
];
