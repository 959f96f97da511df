import { isSessionError } from "../../errors.js";
import type { Case } from "../case.js";
import { show } from "../failure.js";

/** What `count` counts. The cases of expiry test that expired records are not counted. */
export const countingCases: readonly Case[] = [
  {
    id: "count-or-unsupported",
    rule: "C1",
    title: "count gives a whole number, or rejects with SESS_UNSUPPORTED where it was said that nothing can be counted",
    guide: "#count",
    async run(kit) {
      const provider = await kit.open();
      if (!kit.isUncounted) return kit.equal(Number.isSafeInteger(await provider.count()), true, "a whole number");
      const reason = await kit.rejects(() => provider.count(), "count of what cannot be counted");
      kit.equal(isSessionError(reason) ? reason.code : show(reason), "SESS_UNSUPPORTED", "the code of the rejection");
    },
  },
  {
    id: "count-sessions",
    rule: "C1",
    title: "count counts each session once, whatever was written to it or refused",
    guide: "#count",
    needs: ["counts"],
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      kit.equal(await provider.count(), 0, "count in a new namespace");
      const [key = "", other = ""] = await kit.fill(provider, [record, record, record]);
      await provider.update(key, kit.session(), record.version);
      await provider.update(other, kit.session(), kit.version());
      await provider.update(kit.key(), kit.session(), kit.version());
      await provider.touch(other, record.expiresAt + 1000, record.version);
      await provider.create(other, kit.session());
      kit.equal(await provider.count(), 3, "count of three sessions");
      const alike = kit.keys(20).map((one) => key.slice(0, 8) + one.slice(8));
      await Promise.all(alike.map((one) => provider.create(one, kit.session())));
      kit.equal(await provider.count(), 23, "count with twenty sessions more, whose keys begin alike");
    },
  },
  {
    id: "count-without-markers",
    rule: "C1",
    title: "markers are not counted",
    guide: "#count",
    needs: ["counts"],
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.session()];
      const [key = ""] = await kit.fill(provider, [record, record, kit.marker(), kit.marker(kit.key())]);
      kit.equal(await provider.count(), 2, "count of two sessions and two markers");
      await provider.update(key, kit.marker(), record.version);
      kit.equal(await provider.count(), 1, "count after one session became a marker");
    },
  },
];
