import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

/** Over the boundaries of pages of a hundred, of five hundred and of a thousand. */
const many = 1200;
/** Number of listed sessions that are retired at once. */
const batch = 50;

/** Listings of several pages, and listings that are not read to their end. */
export const pageCases: readonly Case[] = [
  {
    id: "keys-by-pages",
    rule: "C2",
    title: "keys yields every session that is there throughout, while half of the listed go, over many pages",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const provider = await kit.open();
      await retireHalf(kit, provider, kit.session(), provider.keys?.bind(provider));
    },
  },
  {
    id: "keys-of-by-pages",
    rule: "C2",
    title: "keysOf yields what has the owner throughout, while half of the listed change hands, over many pages",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      await retireHalf(kit, provider, kit.session({ owner }), () => provider.keysOf?.(owner));
    },
  },
  {
    id: "keys-abandoned",
    rule: "C2",
    title: "a keys listing that nobody reads to its end gives back what it took",
    guide: "#listing",
    needs: ["keys"],
    async run(kit) {
      const provider = await kit.open();
      await abandon(kit, provider, kit.session(), () => provider.keys?.());
    },
  },
  {
    id: "keys-of-abandoned",
    rule: "C2",
    title: "a keysOf listing that nobody reads to its end gives back what it took",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      await abandon(kit, provider, kit.session({ owner }), () => provider.keysOf?.(owner));
    },
  },
];

type Listing = () => AsyncIterable<string> | undefined;

async function retireHalf(kit: Kit, provider: Provider, record: SessionRecord, listing: Listing = () => undefined) {
  const keys: string[] = [];
  while (keys.length < many) keys.push(...(await kit.fill(provider, new Array(100).fill(record))));
  const [seen, gone, leaving] = [[] as string[], new Set<string>(), [] as string[]];
  for await (const key of listing() ?? []) {
    seen.push(key);
    if (seen.length % 2 === 0 && !gone.has(key)) leaving.push(key);
    if (leaving.length < batch) continue;
    const going = leaving.splice(0);
    const marker = kit.marker("", { owner: kit.key() });
    await Promise.all(going.map((each) => provider.update(each, marker, record.version)));
    for (const each of going) gone.add(each);
  }
  const staying = keys.filter((key) => !gone.has(key));
  kit.contains(seen, staying, `keys of ${many} sessions, half of them retired meanwhile`);
}

/** More often than any pool has connections. */
async function abandon(kit: Kit, provider: Provider, record: SessionRecord, listing: Listing): Promise<void> {
  const [key = ""] = await kit.fill(provider, [record, record, record]);
  for (let round = 0; round < 40; round += 1) for await (const _ of listing() ?? []) break;
  kit.record(await provider.read(key), record, "read after forty listings of which one key was read");
  kit.written(await provider.update(key, kit.session(), record.version), "update after them");
}
