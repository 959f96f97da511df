import type { Case } from "../case.js";

/** A touch prolongs a session, and does nothing else. */
export const touchingCases: readonly Case[] = [
  {
    id: "touch-extends",
    rule: "G5",
    title: "a touch moves the expiry of a session forward",
    guide: "#touch",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      const expiresAt = record.expiresAt + 300_000;
      await provider.create(key, record);
      kit.equal(await provider.touch(key, expiresAt, record.version), true, "touch");
      kit.equal((await provider.read(key))?.expiresAt, expiresAt, "expiry after the touch");
      kit.clock.advanceTo(expiresAt - 1);
      kit.equal((await provider.read(key))?.data, record.data, "data read a millisecond before the new expiry");
    },
  },
  {
    id: "touch-never-shortens",
    rule: "G5",
    title: "a touch with an earlier expiry is true and changes nothing",
    guide: "#touch",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      await provider.create(key, record);
      const answer = await provider.touch(key, record.expiresAt - 300_000, record.version);
      kit.equal(answer, true, "touch with an earlier expiry");
      kit.record(await provider.read(key), record, "read after the touch");
    },
  },
  {
    id: "touch-keeps-the-rest",
    rule: "G5",
    title: "a touch leaves data, version and owner alone, so that an update under way still fits",
    guide: "#touch",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session({ owner: kit.key() })];
      await provider.create(key, record);
      await provider.touch(key, record.expiresAt + 300_000, record.version);
      const { data, version, owner } = (await provider.read(key)) ?? {};
      kit.equal(data, record.data, "data after the touch");
      kit.equal(version, record.version, "version after the touch");
      kit.equal(owner, record.owner, "owner after the touch");
      kit.written(await provider.update(key, kit.session(), record.version), "update at the version before the touch");
    },
  },
  {
    id: "touch-refuses-other-version",
    rule: "G5",
    title: "a touch at any other version is false and gives no time",
    guide: "#touch",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      await provider.create(key, record);
      const answer = await provider.touch(key, record.expiresAt + 300_000, kit.version());
      kit.equal(answer, false, "touch at a version that never was");
      kit.record(await provider.read(key), record, "read after the touch");
    },
  },
];
