import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import { type Kit, list, turn, underWay } from "../kit.js";

const rounds = 20;

/** An index of owners lists a record as soon as the record can be read. */
export const ownerIndexCases: readonly Case[] = [
  {
    id: "keys-of-created-once-read",
    rule: "C2",
    title: "a record that can be read is listed for its owner, though its create has not been answered",
    guide: "#owners",
    needs: ["keysOf", "shared"],
    async run(kit) {
      const [writer, reader, owner] = [await kit.open(), await kit.open(), kit.key()];
      for (const key of kit.keys(rounds)) {
        const record = kit.session({ owner });
        await listedOnceRead(kit, reader, key, record, () => writer.create(key, record));
      }
    },
  },
  {
    id: "keys-of-updated-once-read",
    rule: "C2",
    title: "a record that can be read with a new owner is listed for him, though its update has not been answered",
    guide: "#owners",
    needs: ["keysOf", "shared"],
    async run(kit) {
      const [writer, reader] = [await kit.open(), await kit.open()];
      for (const key of kit.keys(rounds)) {
        const [start, next] = [kit.session(), kit.session({ owner: kit.key() })];
        await writer.create(key, start);
        await listedOnceRead(kit, reader, key, next, () => writer.update(key, next, start.version));
      }
    },
  },
];

async function listedOnceRead(
  kit: Kit,
  reader: Provider,
  key: string,
  { owner = "", version }: SessionRecord,
  write: () => Promise<unknown>,
): Promise<void> {
  const writing = underWay(write());
  const isThere = async () => (await reader.read(key))?.version === version;
  while (!(await isThere()) && !writing.isSettled) await turn();
  kit.contains(await list(reader.keysOf?.(owner)), [key], "keys of the owner once the record was read");
  await writing.answer;
}
