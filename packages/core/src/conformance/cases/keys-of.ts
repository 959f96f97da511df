import type { Provider } from "../../provider.js";
import type { Case } from "../case.js";
import { KitClock } from "../clock.js";
import { type Kit, list, strangers, underWay } from "../kit.js";

/** More than the thousand that providers often list at a time. */
const many = 1100;

/** Listing an owner's records, so that all of them can be revoked: more keys are legal, fewer are not. */
export const keysOfCases: readonly Case[] = [
  {
    id: "keys-of-complete",
    rule: "C2",
    title: "keysOf yields every session of the owner, however many there are, and nothing that is no key",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const [record, keys] = [kit.session({ owner }), [] as string[]];
      while (keys.length < many) keys.push(...(await kit.fill(provider, new Array(100).fill(record))));
      const came = await list(provider.keysOf?.(owner));
      kit.contains(came, keys, `keys of an owner of ${many} sessions`);
      kit.equal(strangers(came), 0, "listed that can be no keys");
    },
  },
  {
    id: "keys-of-markers",
    rule: "C2",
    title: "keysOf yields the owner's markers as well, created as such or not",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const [start, marker] = [kit.session({ owner }), kit.marker(kit.key(), { owner })];
      const keys = await kit.fill(provider, [start, marker]);
      await provider.update(keys[0] ?? "", marker, start.version);
      await listed(kit, provider, owner, keys, "keys of an owner of two markers");
      kit.clock.advanceTo(marker.expiresAt - 1);
      await listed(kit, provider, owner, keys, "keys a millisecond before the markers expire");
    },
  },
  {
    id: "keys-of-new-owner",
    rule: "C2",
    title: "a session whose owner changes by an update is listed for its new owner",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, key, owners] = [await kit.open(), kit.key(), kit.keys(2)];
      let before = kit.session();
      await provider.create(key, before);
      for (const owner of owners) {
        const after = kit.session({ owner });
        await provider.update(key, after, before.version);
        await listed(kit, provider, owner, [key], "keys of the new owner");
        before = after;
      }
    },
  },
  {
    id: "keys-of-other-handle",
    rule: "C2",
    title: "keysOf yields what other handles have written",
    guide: "#owners",
    needs: ["keysOf", "shared"],
    async run(kit) {
      const [one, two, owner] = [await kit.open(), await kit.open(), kit.key()];
      const keys = await kit.fill(one, [kit.session({ owner })]);
      await listed(kit, two, owner, keys, "keys listed by another handle");
    },
  },
  {
    id: "keys-of-under-churn",
    rule: "C2",
    title: "keysOf yields what has the owner throughout, while other sessions lose or gain it",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const record = kit.session({ owner });
      const keys = await kit.fill(provider, new Array(30).fill(record));
      const leaving = new Set(keys.filter((_, index) => index % 2 !== 0));
      const seen: string[] = [];
      for await (const key of provider.keysOf?.(owner) ?? []) {
        seen.push(key);
        if (leaving.has(key)) await provider.update(key, kit.session({ owner: kit.key() }), record.version);
        if (seen.length < 30) await provider.create(kit.key(), kit.session({ owner }));
      }
      const staying = keys.filter((key) => !leaving.has(key));
      kit.contains(seen, staying, "keys while listed sessions change their owner and others are created");
    },
  },
  {
    id: "keys-of-during-create",
    rule: "C2",
    title: "listing an owner while a session of his is being created does not lose it",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      for (const key of kit.keys(10)) {
        const creating = underWay(provider.create(key, kit.session({ owner })));
        for (let round = 0; round < 100 && !creating.isSettled; round += 1) await list(provider.keysOf?.(owner));
        kit.equal(await creating.answer, true, "create on a free key");
        await listed(kit, provider, owner, [key], "keys after the create has been answered");
      }
    },
  },
  {
    id: "keys-of-spares-slow-clocks",
    rule: "C2",
    title: "listing an owner, or a write of his, forgets nothing that lives by a clock that is behind",
    guide: "#owners",
    needs: ["keysOf", "shared"],
    async run(kit) {
      const slow = new KitClock(kit.clock.now());
      const [ahead, behind, owner] = [await kit.open(), await kit.open("home", slow), kit.key()];
      const record = kit.session({ owner });
      const marker = kit.marker("", { owner, expiresAt: record.expiresAt });
      const keys = await kit.fill(behind, [record, marker]);
      kit.clock.advanceTo(record.expiresAt + 30_000);
      await list(ahead.keysOf?.(owner));
      await kit.fill(ahead, [kit.session({ owner })]);
      await ahead.gc();
      const renewed = await behind.touch(keys[0] ?? "", record.expiresAt + 600_000, record.version);
      kit.equal(renewed, true, "touch by the clock that is behind");
      await listed(kit, behind, owner, keys, "keys listed by the clock that is behind");
      await listed(kit, ahead, owner, keys.slice(0, 1), "keys listed by the clock that is ahead");
    },
  },
  {
    id: "keys-of-renewed",
    rule: "C2",
    title: "keysOf yields sessions that were renewed past the expiry they were created with",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const record = kit.session({ owner });
      const keys = await kit.fill(provider, [record, record, record, record]);
      // By less than its lifetime: an entry may last longer than its record, and then must not be relied on for more.
      const [soon, late] = [record.expiresAt + 500_000, record.expiresAt + 7_200_000];
      for (const [at, expiresAt] of [soon, late].entries()) {
        await provider.touch(keys[at] ?? "", expiresAt, record.version);
        await provider.update(keys[at + 2] ?? "", kit.session({ owner, expiresAt }), record.version);
      }
      kit.clock.advanceTo(soon - 1);
      await listed(kit, provider, owner, keys, "keys a millisecond before the second expiry of two of them");
      kit.clock.advanceTo(late - 60_000);
      await provider.gc();
      await kit.fill(provider, [kit.session({ owner })]);
      const lasting = keys.filter((_, at) => at % 2 === 1);
      await listed(kit, provider, owner, lasting, "keys long after the first expiry, and after gc and another create");
    },
  },
  {
    id: "keys-of-earlier-expiry",
    rule: "C2",
    title: "a write with an earlier expiry takes no session of the owner from keysOf before it expires",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const [record, earlier] = [kit.session({ owner }), { owner, expiresAt: kit.clock.now() + 10_000 }];
      const keys = await kit.fill(provider, [record, record, record]);
      const [one = "", two = "", three = ""] = keys;
      kit.equal(await provider.create(one, kit.session(earlier)), false, "create on a key that is taken");
      kit.equal(await provider.create(one, kit.marker("", earlier)), false, "create of a marker there");
      kit.refused(await provider.update(two, kit.session(earlier), kit.version()), "update at another version");
      kit.written(await provider.update(three, kit.session(earlier), record.version), "update");
      kit.clock.advanceTo(record.expiresAt - 1);
      await provider.gc();
      await kit.fill(provider, [kit.session({ owner })]);
      await listed(kit, provider, owner, keys, "keys a millisecond before the later expiry, after gc and a create");
    },
  },
  {
    id: "keys-of-under-gc",
    rule: "C2",
    title: "keysOf yields what has the owner throughout, while others of his expire and are collected",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      const [provider, owner] = [await kit.open(), kit.key()];
      const brief = kit.session({ owner });
      const long = kit.session({ owner, expiresAt: brief.expiresAt + 600_000 });
      const keys = await kit.fill(
        provider,
        Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? long : brief)),
      );
      const seen: string[] = [];
      for await (const key of provider.keysOf?.(owner) ?? []) {
        seen.push(key);
        kit.clock.advanceTo(brief.expiresAt + 60_000);
        if (seen.length === 1) await provider.gc();
      }
      const staying = keys.filter((_, index) => index % 2 === 0);
      kit.contains(seen, staying, "keys while other sessions of the owner are collected");
    },
  },
  {
    id: "keys-of-nobody",
    rule: "C2",
    title: "keysOf ends without an error for an owner who has nothing",
    guide: "#owners",
    needs: ["keysOf"],
    async run(kit) {
      await list((await kit.open()).keysOf?.(kit.key()));
    },
  },
];

async function listed(
  kit: Kit,
  provider: Provider,
  owner: string,
  keys: readonly string[],
  what: string,
): Promise<void> {
  kit.contains(await list(provider.keysOf?.(owner)), keys, what);
}
