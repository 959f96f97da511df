import type { Case } from "../case.js";

/** What an update does to the expiry: never back for a session, always its own for a marker. */
export const expiryCases: readonly Case[] = [
  {
    id: "update-never-shortens",
    rule: "G5",
    title: "an update with an earlier expiry keeps the later one",
    guide: "#expiry",
    async run(kit) {
      const [provider, key, before] = [await kit.open(), kit.key(), kit.session()];
      const after = kit.session({ expiresAt: before.expiresAt - 300_000 });
      await provider.create(key, before);
      kit.written(await provider.update(key, after, before.version), "update with an earlier expiry");
      kit.record(await provider.read(key), { ...after, expiresAt: before.expiresAt }, "read after the update");
      kit.clock.advanceTo(before.expiresAt - 1);
      kit.equal((await provider.read(key))?.version, after.version, "version read before the later expiry");
    },
  },
  {
    id: "update-extends",
    rule: "G5",
    title: "an update with a later expiry moves it there",
    guide: "#expiry",
    async run(kit) {
      const [provider, key, before] = [await kit.open(), kit.key(), kit.session()];
      const after = kit.session({ expiresAt: before.expiresAt + 300_000 });
      await provider.create(key, before);
      kit.written(await provider.update(key, after, before.version), "update with a later expiry");
      kit.clock.advanceTo(after.expiresAt - 1);
      kit.record(await provider.read(key), after, "read a millisecond before the later expiry");
    },
  },
  {
    id: "marker-takes-own-expiry",
    rule: "G5",
    title: "a marker has its own expiry, earlier or later than that of what it replaces",
    guide: "#markers",
    async run(kit) {
      const provider = await kit.open();
      const [start, now] = [kit.session(), kit.clock.now()];
      const [long = "", short = ""] = await kit.fill(provider, [start, start]);
      const late = kit.marker("", { expiresAt: start.expiresAt + 200_000 });
      const early = kit.marker("", { expiresAt: now + 120_000 });
      const earlier = kit.marker("", { expiresAt: now + 90_000 });
      await provider.update(long, late, start.version);
      await provider.update(short, early, start.version);
      kit.record(await provider.read(long), late, "read of a marker that expires later than its session");
      kit.record(await provider.read(short), early, "read of a marker that expires earlier than its session");
      await provider.update(short, earlier, early.version);
      kit.record(await provider.read(short), earlier, "read of a marker that expires earlier than the one before");
      kit.clock.advanceTo(earlier.expiresAt);
      kit.record(await provider.read(short), undefined, "read at the earliest expiry");
    },
  },
];
