import type { TokenCase } from "../case.js";

/** Closing a handle. */
export const closingCases: readonly TokenCase[] = [
  {
    id: "token-close-twice",
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
    id: "token-closed",
    rule: "C3",
    title: "a closed handle seals nothing, and opens nothing",
    guide: "#close",
    async run(kit) {
      const provider = await kit.open();
      const token = provider.seal(kit.record());
      await provider.close();
      kit.throws(() => provider.seal(kit.record()), "seal");
      kit.throws(() => provider.open(token), "open");
    },
  },
  {
    id: "token-close-alone",
    rule: "C3",
    title: "closing one handle leaves another at work",
    guide: "#close",
    async run(kit) {
      const [one, two, record] = [await kit.open(), await kit.open(), kit.record()];
      const token = one.seal(record);
      await one.close();
      kit.opens(two, token, record, "open by the handle that is open");
      kit.opens(two, two.seal(record), record, "open of what it sealed itself");
    },
  },
];
