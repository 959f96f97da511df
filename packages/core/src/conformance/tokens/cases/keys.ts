import type { TokenCase } from "../case.js";

/** The newest key seals, every key opens, and no other key does. */
export const keyCases: readonly TokenCase[] = [
  {
    id: "token-wrong-key",
    rule: "G14",
    title: "a token of another key is none",
    guide: "#token-keys",
    async run(kit) {
      const [one, other] = [await kit.open({ keys: [kit.key()] }), await kit.open({ keys: [kit.key(), kit.key()] })];
      kit.refuses(other, one.seal(kit.record()), "open with other keys");
      kit.refuses(one, other.seal(kit.record()), "open with another key");
    },
  },
  {
    id: "token-newest-key-seals",
    rule: "G14",
    title: "the first key seals, and none of the others",
    guide: "#token-keys",
    async run(kit) {
      const [newest, older, oldest] = [kit.key(), kit.key(), kit.key()];
      const [all, record] = [await kit.open({ keys: [newest, older, oldest] }), kit.record()];
      const token = all.seal(record);
      kit.opens(await kit.open({ keys: [newest] }), token, record, "open with the first key alone");
      kit.refuses(await kit.open({ keys: [older, oldest] }), token, "open with the others");
    },
  },
  {
    id: "token-rotation",
    rule: "G14",
    title: "keys can be rotated one after the other, and every token stays good while its key is there",
    guide: "#token-keys",
    async run(kit) {
      const [one, two, three] = [kit.key(), kit.key(), kit.key()];
      const record = kit.record();
      // The third step is a careful deploy: every server can open with a key before any server seals with it.
      for (const [before, after] of [
        [await kit.open({ keys: [one] }), await kit.open({ keys: [two, one] })],
        [await kit.open({ keys: [two, one] }), await kit.open({ keys: [three, two, one] })],
        [await kit.open({ keys: [three, two] }), await kit.open({ keys: [two, three] })],
      ] as const) {
        kit.opens(after, before.seal(record), record, "open after a rotation");
      }
    },
  },
  {
    id: "token-retired-key",
    rule: "G14",
    title: "a token whose key was taken off the list is none",
    guide: "#token-keys",
    async run(kit) {
      const [one, two] = [kit.key(), kit.key()];
      const [before, record] = [await kit.open({ keys: [one] }), kit.record()];
      const token = before.seal(record);
      kit.opens(await kit.open({ keys: [two, one] }), token, record, "open while the key is on the list");
      kit.refuses(await kit.open({ keys: [two] }), token, "open when it is not");
    },
  },
];
