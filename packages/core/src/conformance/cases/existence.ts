import type { Provider } from "../../provider.js";
import type { Case } from "../case.js";
import { KitClock } from "../clock.js";
import type { Kit } from "../kit.js";

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
    needs: ["counts"],
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
  {
    id: "writes-spare-others",
    rule: "G5",
    title: "what is written under other keys takes nothing that is alive, be its expiry ever so near",
    guide: "#expiry",
    async run(kit) {
      const [provider, start] = [await kit.open(), kit.session()];
      const near = { expiresAt: start.expiresAt };
      const [session, created, retired] = [kit.session(near), kit.marker("", near), kit.marker("", near)];
      const keys = await kit.fill(provider, [session, created, start]);
      kit.written(await provider.update(keys[2] ?? "", retired, start.version), "update by a marker");
      kit.clock.advanceTo(near.expiresAt - 1);
      await writeMuch(kit, provider);
      for (const [index, record] of [session, created, retired].entries()) {
        kit.record(await provider.read(keys[index] ?? ""), record, "read a millisecond before the expiry");
      }
    },
  },
  {
    id: "writes-spare-slow-clocks",
    rule: "G5",
    title: "a write takes nothing that expired less than a minute ago from processes whose clocks are behind",
    guide: "#expiry",
    needs: ["shared"],
    async run(kit) {
      const [ahead, behind] = [await kit.open(), await kit.open("home", new KitClock(kit.clock.now()))];
      const session = kit.session();
      const marker = kit.marker("", { expiresAt: session.expiresAt });
      const [key = "", markerKey = ""] = await kit.fill(behind, [session, marker]);
      kit.clock.advanceTo(session.expiresAt + 59_999);
      await writeMuch(kit, ahead);
      kit.record(await behind.read(key), session, "read by a clock that is behind, after writes by one that is ahead");
      kit.record(await behind.read(markerKey), marker, "read of a marker by a clock that is behind");
    },
  },
  {
    id: "brief-lives-spare-slow-clocks",
    rule: "G5",
    title: "what a clock that is ahead gives a few milliseconds stays for a clock that is behind",
    guide: "#expiry",
    needs: ["shared"],
    async run(kit) {
      const behind = await kit.open("home", new KitClock(kit.clock.now()));
      kit.clock.advance(50_000);
      const [ahead, brief] = [await kit.open(), { expiresAt: kit.clock.now() + 1 }];
      const [created, start, next] = [kit.session(brief), kit.session(brief), kit.session(brief)];
      const touched = { ...start, expiresAt: brief.expiresAt + 1 };
      const keys = await kit.fill(ahead, [created, start, start]);
      kit.written(await ahead.update(keys[1] ?? "", next, start.version), "update by the clock that is ahead");
      kit.equal(await ahead.touch(keys[2] ?? "", touched.expiresAt, start.version), true, "touch by the same clock");
      // Waits a few milliseconds by the store's clock, in case it removes records by that clock.
      for (const end = performance.now() + 20; performance.now() < end; ) await behind.read(kit.key());
      for (const [index, record] of [created, next, touched].entries()) {
        kit.record(await behind.read(keys[index] ?? ""), record, "read by the clock that is behind");
      }
    },
  },
];

/** Every kind of write, several times: some stores remove some expired records with each. */
async function writeMuch(kit: Kit, provider: Provider): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const [session, key] = [kit.session(), kit.key()];
    const next = kit.session({ expiresAt: session.expiresAt + 200_000 });
    await kit.fill(provider, [kit.session(), kit.marker()]);
    await provider.create(key, session);
    await provider.touch(key, session.expiresAt + 100_000, session.version);
    await provider.update(key, next, session.version);
    await provider.update(key, kit.marker(), next.version);
  }
}
