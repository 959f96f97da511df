import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

/** As many keys as core asks for at once. */
const most = 8;

/** Reading several keys at once, if the provider can: the result of `read` for each of them. */
export const readingManyCases: readonly Case[] = [
  {
    id: "read-many-order",
    rule: "G6",
    title: "readMany gives the record of each key, in the order asked for, and undefined where nothing is",
    guide: "#read",
    needs: ["readMany"],
    async run(kit) {
      const provider = await kit.open();
      const records = Array.from({ length: most }, (_, at) => (at === 3 ? kit.marker() : kit.session()));
      const keys = await kit.fill(provider, records);
      const [first = "", second = "", third = "", fourth = ""] = keys;
      const there = (key: string) => records[keys.indexOf(key)];
      const inOrder = [...keys].sort();
      const free = kit.key();
      const asked = [
        inOrder,
        [...inOrder].reverse(),
        [free, fourth, kit.key(), kit.key(), first, third, kit.key(), second],
        [second, free, first],
        [first, free],
        [third],
        [free],
        kit.keys(most),
      ];
      for (const some of asked) same(kit, await readMany(provider, some), some.map(there));
    },
  },
  {
    id: "read-many-at-once",
    rule: "G6",
    title: "each of many readMany at once gets the records of its own keys, long ones among them",
    guide: "#read",
    needs: ["readMany"],
    async run(kit) {
      const provider = await kit.open();
      const text = "many words".repeat(10_000);
      const records = Array.from({ length: 40 }, (_, at) => kit.session(at % most === 0 ? { data: text } : {}));
      const keys = await kit.fill(provider, records);
      // Each asks for another set of eight, so that a swapped answer is noticed.
      const asked = keys.map((_, at) => Array.from({ length: most }, (_, place) => (at + place * 5) % keys.length));
      const came = await Promise.all(
        asked.map((some) =>
          readMany(
            provider,
            some.map((at) => keys[at] ?? ""),
          ),
        ),
      );
      for (const [at, some] of asked.entries()) {
        same(
          kit,
          came[at] ?? [],
          some.map((one) => records[one]),
        );
      }
    },
  },
  {
    id: "read-many-expired",
    rule: "G5",
    title: "from the instant of its expiry a record is no more for readMany, and those beside it are",
    guide: "#expiry",
    needs: ["readMany"],
    async run(kit) {
      const provider = await kit.open();
      const [brief, lasting] = [kit.session(), kit.session({ expiresAt: kit.clock.now() + 1_200_000 })];
      const [one, two] = await pair(provider, kit, [brief, lasting]);
      kit.clock.advanceTo(brief.expiresAt - 1);
      same(kit, await readMany(provider, [one, two]), [brief, lasting]);
      kit.clock.advance(1);
      same(kit, await readMany(provider, [one, two]), [undefined, lasting]);
    },
  },
  {
    id: "read-many-seen-at-once",
    rule: "G3",
    title: "readMany gives the marker after another handle's logout, and the save after another's save",
    guide: "#read",
    needs: ["readMany", "shared"],
    async run(kit) {
      const [one, two] = [await kit.open(), await kit.open()];
      const [start, next, marker, other] = [kit.session(), kit.session(), kit.marker(), kit.session()];
      const [key, beside] = await pair(one, kit, [start, other]);
      same(kit, await readMany(two, [key, beside]), [start, other]);
      kit.written(await one.update(key, next, start.version), "the save");
      same(kit, await readMany(two, [key, beside]), [next, other]);
      kit.written(await one.update(key, marker, next.version), "the logout");
      same(kit, await readMany(two, [key, beside]), [marker, other]);
    },
  },
  {
    id: "read-many-namespaces",
    rule: "G7",
    title: "what one namespace holds is not read in another by readMany either",
    guide: "#namespaces",
    needs: ["readMany"],
    async run(kit) {
      const [home, ...others] = await kit.openAll();
      const [[key = "", beside = ""], own] = [kit.keys(2).sort(), kit.session()];
      await home.create(key, kit.session());
      for (const other of others) {
        await other.create(beside, own);
        same(kit, await readMany(other, [key, beside]), [undefined, own]);
      }
    },
  },
];

type Records = readonly (SessionRecord | undefined)[];

async function readMany(provider: Provider, keys: readonly string[]): Promise<Records> {
  return (await provider.readMany?.(keys)) ?? [];
}

/** Two records under sorted keys: the first case tests the order of results. */
async function pair(provider: Provider, kit: Kit, records: readonly [SessionRecord, SessionRecord]) {
  const [one = "", two = ""] = kit.keys(2).sort();
  await provider.create(one, records[0]);
  await provider.create(two, records[1]);
  return [one, two] as const;
}

function same(kit: Kit, came: Records, expected: Records): void {
  kit.equal(came.length, expected.length, "records of readMany");
  for (const [place, record] of expected.entries()) {
    kit.record(came[place], record, `place ${place + 1} of ${expected.length} of readMany`);
  }
}
