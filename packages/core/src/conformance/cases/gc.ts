import type { Provider } from "../../provider.js";
import type { Case } from "../case.js";
import { KitClock } from "../clock.js";
import type { Kit } from "../kit.js";

/** More than the thousand that providers often remove at a time. */
const many = 1100;
/** Number of races between a create and a gc: a gc that removes what it found earlier is not caught in two of three. */
const races = 40;

/** Collecting removes all records that expired a minute ago or more, and no others. */
export const gcCases: readonly Case[] = [
  {
    id: "gc-spares-the-living",
    rule: "G5",
    title: "gc leaves every living record, marker or session",
    guide: "#gc",
    async run(kit) {
      const provider = await kit.open();
      const long = kit.clock.now() + 3_600_000;
      const living = [kit.session({ expiresAt: long }), kit.marker("", { expiresAt: long })];
      const [key = "", markerKey = ""] = await kit.fill(provider, [...living, kit.session()]);
      kit.clock.advance(1_200_000);
      await provider.gc();
      kit.record(await provider.read(key), living[0], "read of a living session after gc");
      kit.record(await provider.read(markerKey), living[1], "read of a living marker after gc");
    },
  },
  {
    id: "gc-spares-the-renewed",
    rule: "G5",
    title: "gc goes by the expiry a record has now, not by one it had before",
    guide: "#gc",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const [touched = "", updated = "", created = ""] = await kit.fill(provider, [record, record, record]);
      const long = { expiresAt: record.expiresAt + 600_000 };
      await provider.touch(touched, long.expiresAt, record.version);
      await provider.update(updated, kit.session(long), record.version);
      kit.clock.advanceTo(record.expiresAt);
      await provider.create(created, kit.session(long));
      kit.clock.advance(120_000);
      await provider.gc();
      for (const [key, how] of Object.entries({ [touched]: "touched", [updated]: "updated", [created]: "created" })) {
        kit.equal((await provider.read(key))?.expiresAt, long.expiresAt, `expiry after gc of a session ${how} in time`);
      }
    },
  },
  {
    id: "gc-spares-slow-clocks",
    rule: "G5",
    title: "gc leaves what expired less than a minute ago to processes whose clocks are behind",
    guide: "#gc",
    needs: ["shared"],
    async run(kit) {
      const [ahead, behind] = [await kit.open(), await kit.open("home", new KitClock(kit.clock.now()))];
      const [key, record] = [kit.key(), kit.session()];
      await behind.create(key, record);
      kit.clock.advanceTo(record.expiresAt + 59_999);
      await ahead.gc();
      kit.record(await behind.read(key), record, "read by a clock that is behind, after gc by one that is ahead");
    },
  },
  {
    id: "gc-against-creates",
    rule: "G5",
    title: "gc takes nothing that is created, while it runs, where a record had expired",
    guide: "#gc",
    async run(kit) {
      const provider = await kit.open();
      for (let round = 0; round < races; round += 1) await createDuringGc(kit, provider);
    },
  },
  {
    id: "gc-counts",
    rule: "G5",
    title: "gc removes what expired a minute ago, markers included, and says how many records that were",
    guide: "#gc",
    needs: ["collects"],
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const marker = kit.marker("", { expiresAt: record.expiresAt });
      await kit.fill(provider, [
        record,
        record,
        record,
        marker,
        marker,
        kit.session({ expiresAt: record.expiresAt + 600_000 }),
      ]);
      kit.clock.advanceTo(record.expiresAt + 59_999);
      kit.equal(await provider.gc(), 0, "gc before a minute has passed");
      kit.clock.advance(1);
      kit.equal(await provider.gc(), 5, "gc when a minute has passed");
      kit.equal(await provider.gc(), 0, "gc again");
    },
  },
  {
    id: "gc-takes-all",
    rule: "G5",
    title: "gc removes all there is to remove, however many batches that takes",
    guide: "#gc",
    needs: ["collects"],
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      for (let made = 0; made < many; made += 100) await kit.fill(provider, new Array(100).fill(record));
      kit.clock.advanceTo(record.expiresAt + 60_000);
      kit.equal(await provider.gc(), many, "gc");
      kit.equal(await provider.gc(), 0, "gc again");
    },
  },
  {
    id: "gc-by-two",
    rule: "G5",
    title: "two gcs at once remove each record once, and together report as many as there were",
    guide: "#gc",
    needs: ["shared", "collects"],
    async run(kit) {
      const [one, two, record] = [await kit.open(), await kit.open(), kit.session()];
      for (let made = 0; made < many; made += 100) await kit.fill(one, new Array(100).fill(record));
      kit.clock.advanceTo(record.expiresAt + 60_000);
      const [first, second] = await Promise.all([one.gc(), two.gc()]);
      kit.equal(first + second, many, "records removed by two gcs at once");
      kit.equal(await one.gc(), 0, "gc again");
    },
  },
];

/** One race: keys whose records have expired are used again while gc runs. */
async function createDuringGc(kit: Kit, provider: Provider): Promise<void> {
  const record = kit.session();
  const keys = await kit.fill(provider, new Array(20).fill(record));
  kit.clock.advanceTo(record.expiresAt + 60_000);
  const next = kit.session();
  const create = (key: string) => provider.create(key, next);
  const created = await Promise.all([...keys.slice(0, 10).map(create), provider.gc(), ...keys.slice(10).map(create)]);
  kit.equal(created.filter((one) => one === true).length, keys.length, "creates where records had expired");
  for (const came of await Promise.all(keys.map((key) => provider.read(key)))) {
    kit.record(came, next, "read of what was created during gc");
  }
}
