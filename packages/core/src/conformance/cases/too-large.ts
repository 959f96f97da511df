import { isSessionError } from "../../errors.js";
import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

/** More than servers, columns and packets usually accept: 17 MB. */
const text = "0123456789abcdef".repeat(1_100_000);

/** A record that is too large is refused as a whole, and existing records stay intact. */
export const tooLargeCases: readonly Case[] = [
  {
    id: "too-large-to-create",
    rule: "G6",
    title: "17 MB are created whole, or refused with SESS_TOO_LARGE, and then the key is free",
    guide: "#data",
    async run(kit) {
      const [provider, key, big] = [await kit.open(), kit.key(), kit.session({ data: text })];
      const isCreated = await keeps(() => provider.create(key, big));
      await alive(kit, provider);
      kit.record(await provider.read(key), isCreated ? big : undefined, "read of what was created, or refused");
      if (!isCreated) kit.equal(await provider.create(key, kit.session()), true, "create of less on the same key");
    },
  },
  {
    id: "too-large-to-update",
    rule: "G6",
    title: "an update with 17 MB is kept whole, or refused with SESS_TOO_LARGE and changes nothing",
    guide: "#data",
    async run(kit) {
      const [provider, key, start] = [await kit.open(), kit.key(), kit.session()];
      const big = kit.session({ data: text });
      await provider.create(key, start);
      const isUpdated = await keeps(() => provider.update(key, big, start.version));
      await alive(kit, provider);
      const there: SessionRecord = isUpdated ? big : start;
      kit.record(await provider.read(key), there, "read after the update, or its refusal");
      kit.written(await provider.update(key, kit.session(), there.version), "an update with less");
    },
  },
];

/** False if it is refused as too large; any other rejection fails the case. */
async function keeps(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!isSessionError(error) || error.code !== "SESS_TOO_LARGE") throw error;
    return false;
  }
}

/** Servers close a connection that received too much; others must go on. */
async function alive(kit: Kit, provider: Provider): Promise<void> {
  const [small, key] = [kit.session(), kit.key()];
  kit.equal(await provider.create(key, small), true, "create of little after that");
  kit.record(await provider.read(key), small, "read of little after that");
}
