import type { Case } from "../case.js";
import { list, turn, underWay } from "../kit.js";

/** Closing a handle. */
export const closingCases: readonly Case[] = [
  {
    id: "close-twice",
    rule: "C3",
    title: "a handle can be closed again, at the same time or later",
    guide: "#close",
    async run(kit) {
      const provider = await kit.open();
      const closings = await Promise.allSettled([provider.close(), provider.close()]);
      const later = await Promise.allSettled([provider.close()]);
      const rejected = [...closings, ...later].filter(({ status }) => status === "rejected").length;
      kit.equal(rejected, 0, "closings that were rejected, of three");
    },
  },
  {
    id: "closed-rejects",
    rule: "C3",
    title: "every method of a closed handle rejects",
    guide: "#close",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      await provider.create(key, record);
      await provider.close();
      await kit.rejects(async () => provider.read(key), "read");
      await kit.rejects(async () => provider.create(kit.key(), kit.session()), "create");
      await kit.rejects(async () => provider.update(key, kit.session(), record.version), "update");
      await kit.rejects(async () => provider.touch(key, record.expiresAt, record.version), "touch");
      await kit.rejects(async () => provider.count(), "count");
      await kit.rejects(async () => provider.gc(), "gc");
      if (provider.readMany !== undefined) await kit.rejects(async () => provider.readMany?.([key]), "readMany");
      if (provider.keys !== undefined) await kit.rejects(async () => list(provider.keys?.()), "keys");
      if (provider.keysOf !== undefined) await kit.rejects(async () => list(provider.keysOf?.(key)), "keysOf");
      if (provider.diagnose !== undefined) await kit.rejects(async () => provider.diagnose?.(), "diagnose");
    },
  },
  {
    id: "close-waits",
    rule: "C3",
    title: "close resolves when no write of the handle is under way any more: what comes later comes from elsewhere",
    guide: "#close",
    async run(kit) {
      const [provider, start] = [await kit.open(), kit.session()];
      const keys = await kit.fill(provider, new Array(8).fill(start));
      const writes = keys.flatMap((key) => [
        underWay(provider.create(kit.key(), kit.session())),
        underWay(provider.update(key, kit.session(), start.version)),
        underWay(provider.touch(key, start.expiresAt + 1000, start.version)),
      ]);
      await provider.close();
      await turn();
      const left = writes.filter(({ isSettled }) => !isSettled).length;
      kit.equal(left, 0, `writes under way when close had resolved, of ${writes.length}`);
    },
  },
  {
    id: "close-alone",
    rule: "C3",
    title: "closing one handle leaves another at work",
    guide: "#close",
    needs: ["shared"],
    async run(kit) {
      const [one, two, key, record] = [await kit.open(), await kit.open(), kit.key(), kit.session()];
      await one.create(key, record);
      await one.close();
      kit.record(await two.read(key), record, "read by the handle that is open");
      kit.written(await two.update(key, kit.session(), record.version), "update by the handle that is open");
    },
  },
  {
    id: "data-outlives-handles",
    rule: "C3",
    title: "what is stored outlives the handle that stored it",
    guide: "#close",
    needs: ["shared"],
    async run(kit) {
      const [one, key, record] = [await kit.open(), kit.key(), kit.session()];
      await one.create(key, record);
      await one.close();
      kit.record(await (await kit.open()).read(key), record, "read by a handle that was opened later");
    },
  },
];
