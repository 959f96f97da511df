import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

const many = 59;
const minute = 60_000;

/**
 * Records with many different expiries in random order: an index sorted by expiry must stay sorted after every write.
 */
export const manyExpiriesCases: readonly Case[] = [
  {
    id: "count-many-expiries",
    rule: "C1",
    title: "count is exact among many expiries, whatever was created, renewed or retired before",
    guide: "#count",
    needs: ["counts"],
    async run(kit) {
      const provider = await kit.open();
      const records = await scramble(kit, provider);
      const sessions = records.filter(({ retired }) => retired === undefined);
      for (const time of instants(kit)) {
        kit.clock.advanceTo(time);
        const living = sessions.filter(({ expiresAt }) => expiresAt > time);
        kit.equal(await provider.count(), living.length, "count among many expiries");
      }
    },
  },
  {
    id: "gc-many-expiries",
    rule: "G5",
    title: "gc removes all that expired a minute ago and nothing else, among many expiries",
    guide: "#gc",
    needs: ["collects"],
    async run(kit) {
      const provider = await kit.open();
      let left = await scramble(kit, provider);
      for (const time of instants(kit)) {
        kit.clock.advanceTo(time);
        const staying = left.filter(({ expiresAt }) => expiresAt > time - minute);
        kit.equal(await provider.gc(), left.length - staying.length, "gc among many expiries");
        left = staying;
      }
    },
  },
];

/** Every expiry is a whole number of minutes from now: no two records that were created have the same. */
async function scramble(kit: Kit, provider: Provider): Promise<SessionRecord[]> {
  const start = kit.clock.now();
  // The cubes modulo this prime are its residues, well shuffled; neither the first nor the last is an extreme.
  const created = Array.from({ length: many }, (_, index) =>
    kit.session({ expiresAt: start + (10 + ((index + 30) ** 3 % many)) * minute }),
  );
  const keys = await kit.fill(provider, created);
  const records: SessionRecord[] = [];
  for (const [index, record] of created.entries()) {
    const how = changes[index % changes.length] ?? keep;
    records.push(await how(kit, provider, keys[index] ?? "", record));
  }
  return records;
}

type Change = (kit: Kit, provider: Provider, key: string, record: SessionRecord) => Promise<SessionRecord>;

const keep: Change = async (_kit, _provider, _key, record) => record;

const touch: Change = async (kit, provider, key, record) => {
  const expiresAt = record.expiresAt + 25 * minute;
  kit.equal(await provider.touch(key, expiresAt, record.version), true, "touch");
  return { ...record, expiresAt };
};

const retire: Change = async (kit, provider, key, record) => {
  const marker = kit.marker("", { expiresAt: kit.clock.now() + (record.expiresAt - kit.clock.now()) / 2 });
  kit.written(await provider.update(key, marker, record.version), "update by a marker");
  return marker;
};

const renew: Change = async (kit, provider, key, record) => {
  const next = kit.session({ expiresAt: record.expiresAt + 40 * minute });
  kit.written(await provider.update(key, next, record.version), "update with a later expiry");
  return next;
};

const changes: readonly Change[] = [keep, touch, retire, keep, renew];

/** From before the first expiry until a minute after the last. */
function instants(kit: Kit): number[] {
  const start = kit.clock.now();
  return Array.from({ length: 23 }, (_, index) => start + (4 + 5 * index) * minute);
}
