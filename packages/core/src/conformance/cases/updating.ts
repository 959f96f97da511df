import type { Provider } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

/** Versions, each with another one that a careless comparison treats as equal. */
const similar: readonly (readonly [stored: string, other: string])[] = [
  ["aB3dE", "ab3de"],
  ["aB3dE", "aB3dE "],
  ["7", "07"],
  ["10", "1e1"],
  ["null", "undefined"],
  ["aB3dE", "aB3d"],
  ["aB3dE", "aB3d_"],
  ["aB3dE", "*"],
  ["aB3dE", "%"],
  [`${"x".repeat(127)}1`, `${"x".repeat(127)}2`],
];

/** Replacing a record: at the stored version, and at no other. */
export const updatingCases: readonly Case[] = [
  {
    id: "update-replaces",
    rule: "G1",
    title: "an update at the version that is there replaces the whole record",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [before, after] = [kit.session(), kit.session()];
      await provider.create(key, before);
      kit.written(await provider.update(key, after, before.version), "update at the version that is there");
      kit.record(await provider.read(key), after, "read after the update");
    },
  },
  {
    id: "update-refuses-other-version",
    rule: "G1",
    title: "an update at any other version is refused and changes nothing",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [before, after] = [kit.session(), kit.session()];
      await provider.create(key, before);
      kit.refused(await provider.update(key, after, kit.version()), "update at a version that never was");
      kit.refused(await provider.update(key, after, after.version), "update at the version it brings itself");
      kit.record(await provider.read(key), before, "read after the refusals");
    },
  },
  {
    id: "refusal-shows-current",
    rule: "G1",
    title: "a refusal carries the record that is there, so that the loser can replay on it",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const before = kit.session();
      await provider.create(key, before);
      kit.refused(await provider.update(key, kit.session(), kit.version()), "update at another version", before);
    },
  },
  {
    id: "update-in-both-orders",
    rule: "G1",
    title: "of two handles that read one version, whoever saves second is refused and can replay",
    guide: "#update",
    needs: ["shared"],
    async run(kit) {
      const [one, two] = [await kit.open(), await kit.open()];
      await saveInOrder(kit, one, two);
      await saveInOrder(kit, two, one);
    },
  },
  {
    id: "versions-by-equality",
    rule: "G1",
    title: "a version is kept as it is, and only the same version is the same",
    guide: "#update",
    async run(kit) {
      const provider = await kit.open();
      for (const [stored, other] of similar) {
        const [key, record] = [kit.key(), kit.session({ version: stored })];
        await provider.create(key, record);
        kit.refused(await provider.update(key, kit.session(), other), `update at ${other} of ${stored}`);
        kit.equal(await provider.touch(key, record.expiresAt, other), false, `touch at ${other} of ${stored}`);
        kit.record(await provider.read(key), record, `read of ${stored}`);
        kit.written(await provider.update(key, kit.session(), stored), `update at ${stored}`);
      }
    },
  },
];

async function saveInOrder(kit: Kit, first: Provider, second: Provider): Promise<void> {
  const [key, start, firsts, seconds] = [kit.key(), kit.session(), kit.session(), kit.session()];
  await first.create(key, start);
  kit.record(await second.read(key), start, "read by the other handle");
  kit.record(await first.read(key), start, "read by the handle that created");
  kit.written(await first.update(key, firsts, start.version), "update by the first handle");
  kit.refused(await second.update(key, seconds, start.version), "update by the second, at the version it read");
  kit.record(await second.read(key), firsts, "read by the second handle after the first has saved");
  kit.written(await second.update(key, seconds, firsts.version), "replay by the second handle");
  kit.record(await first.read(key), seconds, "read by the first handle after the replay");
}
