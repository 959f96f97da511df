import type { Case } from "../case.js";

/** `expiresAt` is the first instant at which the record does not exist, for every method alike. */
export const existenceCases: readonly Case[] = [
  {
    id: "expires-for-read",
    rule: "G5",
    title: "a record is read until its expiry, and from that instant on it is not",
    guide: "#expiry",
    async run(kit) {
      const [provider, session] = [await kit.open(), kit.session()];
      const marker = kit.marker("", { expiresAt: session.expiresAt });
      const [key = "", markerKey = ""] = await kit.fill(provider, [session, marker]);
      kit.clock.advanceTo(session.expiresAt - 1);
      kit.record(await provider.read(key), session, "read a millisecond before the expiry");
      kit.record(await provider.read(markerKey), marker, "read of a marker a millisecond before its expiry");
      kit.clock.advance(1);
      kit.record(await provider.read(key), undefined, "read at the expiry");
      kit.record(await provider.read(markerKey), undefined, "read of a marker at its expiry");
    },
  },
  {
    id: "expires-for-update",
    rule: "G5",
    title: "a record can be replaced until its expiry, and from that instant on it cannot",
    guide: "#expiry",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const [key = "", other = ""] = await kit.fill(provider, [record, record]);
      kit.clock.advanceTo(record.expiresAt - 1);
      kit.written(await provider.update(key, kit.session(), record.version), "update a millisecond before");
      kit.clock.advance(1);
      kit.refused(await provider.update(other, kit.session(), record.version), "update at the expiry", undefined);
    },
  },
  {
    id: "expires-for-touch",
    rule: "G5",
    title: "a session can be touched until its expiry, and from that instant on it cannot",
    guide: "#expiry",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const [key = "", other = ""] = await kit.fill(provider, [record, record]);
      const later = record.expiresAt + 600_000;
      kit.clock.advanceTo(record.expiresAt - 1);
      kit.equal(await provider.touch(key, later, record.version), true, "touch a millisecond before");
      kit.clock.advance(1);
      kit.equal(await provider.touch(other, later, record.version), false, "touch at the expiry");
    },
  },
  {
    id: "expires-for-create",
    rule: "G5",
    title: "a key is taken until its record expires, and from that instant on it is free",
    guide: "#create",
    async run(kit) {
      const [provider, session] = [await kit.open(), kit.session({ owner: kit.key() })];
      const marker = kit.marker("", { expiresAt: session.expiresAt });
      const keys = await kit.fill(provider, [session, marker]);
      kit.clock.advanceTo(session.expiresAt - 1);
      for (const key of keys)
        kit.equal(await provider.create(key, kit.session()), false, "create a millisecond before");
      kit.clock.advance(1);
      for (const key of keys) {
        const next = kit.session();
        kit.equal(await provider.create(key, next), true, "create where a record has expired and was not collected");
        kit.record(await provider.read(key), next, "read of what was created there");
      }
    },
  },
  {
    id: "expires-for-count",
    rule: "G5",
    title: "a session is counted until its expiry, and from that instant on it is not",
    guide: "#count",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      await kit.fill(provider, [record, kit.session({ expiresAt: record.expiresAt + 1 })]);
      kit.clock.advanceTo(record.expiresAt - 1);
      kit.equal(await provider.count(), 2, "count a millisecond before the first expiry");
      kit.clock.advance(1);
      kit.equal(await provider.count(), 1, "count at the first expiry");
    },
  },
  {
    id: "expires-far-away",
    rule: "G5",
    title: "a session lives as long as it should, be it more than a year",
    guide: "#expiry",
    async run(kit) {
      const [provider, key, day] = [await kit.open(), kit.key(), 86_400_000];
      const record = kit.session({ expiresAt: kit.clock.now() + 400 * day });
      await provider.create(key, record);
      kit.clock.advance(399 * day);
      kit.record(await provider.read(key), record, "read after 399 days of 400");
      kit.clock.advance(day);
      kit.record(await provider.read(key), undefined, "read after 400 days of 400");
    },
  },
];
