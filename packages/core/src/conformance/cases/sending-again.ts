import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

const workers = 6;
const rounds = 5;

/** A write whose answer was lost is sent again: it must take effect only once, and must be recognisable. */
export const sendingAgainCases: readonly Case[] = [
  {
    id: "update-sent-again",
    rule: "G2",
    title: "an update sent again is refused, and the refusal shows that it was written",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [start, sent, later] = [kit.session(), kit.session(), kit.session()];
      await provider.create(key, start);
      kit.written(await provider.update(key, sent, start.version), "update");
      kit.refused(await provider.update(key, sent, start.version), "the same update sent again", sent);
      kit.written(await provider.update(key, later, sent.version), "somebody's next update");
      kit.refused(await provider.update(key, sent, start.version), "the first update sent once more");
      kit.record(await provider.read(key), later, "read at the end");
    },
  },
  {
    id: "create-sent-again",
    rule: "G2",
    title: "a create sent again is refused and changes nothing",
    guide: "#create",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [sent, later] = [kit.session(), kit.session()];
      kit.equal(await provider.create(key, sent), true, "create");
      kit.equal(await provider.create(key, sent), false, "the same create sent again");
      kit.written(await provider.update(key, later, sent.version), "somebody's update");
      kit.equal(await provider.create(key, sent), false, "the create sent once more");
      kit.record(await provider.read(key), later, "read at the end");
    },
  },
  {
    id: "same-data-new-version",
    rule: "G2",
    title: "an update that brings the same data still brings its new version",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const start = kit.session();
      const same = { ...start, version: kit.version() };
      await provider.create(key, start);
      kit.written(await provider.update(key, same, start.version), "update with the same data");
      kit.refused(await provider.update(key, kit.session(), start.version), "update at the version before");
      kit.record(await provider.read(key), same, "read after both");
    },
  },
  {
    id: "increments-exact",
    rule: "G2",
    title: "concurrent increments, each replayed until it is written, add up exactly",
    guide: "#update",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      await provider.create(key, kit.session({ data: "0" }));
      const work = async () => {
        for (let round = 0; round < rounds; round += 1) await increment(kit, provider, key);
      };
      await Promise.all(Array.from({ length: workers }, work));
      kit.equal((await provider.read(key))?.data, String(workers * rounds), "the sum");
    },
  },
];

async function increment(kit: Kit, provider: Provider, key: string): Promise<void> {
  let current: SessionRecord | undefined = await provider.read(key);
  // Each refusal means that another increment was written, so their number is limited.
  for (let attempt = 0; attempt <= workers * rounds && current !== undefined; attempt += 1) {
    const next = kit.session({ data: String(Number(current.data) + 1) });
    const answer = await provider.update(key, next, current.version);
    if (answer.written) return;
    current = answer.current;
  }
  kit.fail("an increment", "written in the end", current === undefined ? "no record" : "refused every time");
}
