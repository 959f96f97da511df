import type { Case } from "../case.js";
import { type Kit, list } from "../kit.js";

/** Handles in different namespaces of one backend, with names that are easily confused. */
export const namespaceCases: readonly Case[] = [
  {
    id: "namespaces-read",
    rule: "G7",
    title: "what one namespace holds is not read in another",
    guide: "#namespaces",
    async run(kit) {
      const [[home, ...others], key, record] = [await kit.openAll(), kit.key(), kit.session()];
      await home.create(key, record);
      for (const other of others) kit.record(await other.read(key), undefined, "read in another namespace");
    },
  },
  {
    id: "namespaces-create",
    rule: "G7",
    title: "a key that is taken in one namespace is free in another",
    guide: "#namespaces",
    async run(kit) {
      const [handles, key] = [await kit.openAll(), kit.key()];
      const records = handles.map(() => kit.session());
      for (const [index, handle] of handles.entries()) {
        kit.equal(await handle.create(key, records[index] ?? kit.session()), true, "create of the same key");
      }
      for (const [index, handle] of handles.entries()) {
        kit.record(await handle.read(key), records[index], "read of the same key");
      }
    },
  },
  {
    id: "namespaces-write",
    rule: "G7",
    title: "an update or touch in one namespace changes nothing in another",
    guide: "#namespaces",
    async run(kit) {
      const [[home, ...others], key, record] = [await kit.openAll(), kit.key(), kit.session()];
      for (const handle of [home, ...others]) await handle.create(key, record);
      const next = kit.session();
      kit.written(await home.update(key, next, record.version), "update at home");
      kit.equal(await home.touch(key, next.expiresAt + 100_000, next.version), true, "touch at home");
      for (const other of others) kit.record(await other.read(key), record, "read in another namespace");
    },
  },
  {
    id: "namespaces-count",
    rule: "G7",
    title: "a namespace counts its own sessions",
    guide: "#namespaces",
    needs: ["counts"],
    async run(kit) {
      const handles = await kit.openAll();
      for (const [index, handle] of handles.entries()) {
        await kit.fill(
          handle,
          Array.from({ length: index + 1 }, () => kit.session()),
        );
      }
      for (const [index, handle] of handles.entries()) kit.equal(await handle.count(), index + 1, "count");
    },
  },
  {
    id: "namespaces-gc",
    rule: "G7",
    title: "gc collects its own namespace",
    guide: "#namespaces",
    needs: ["collects"],
    async run(kit) {
      const [handles, record] = [await kit.openAll(), kit.session()];
      for (const handle of handles) await kit.fill(handle, [record, record]);
      kit.clock.advanceTo(record.expiresAt + 60_000);
      for (const handle of handles) kit.equal(await handle.gc(), 2, "gc in one namespace after the other");
    },
  },
  {
    id: "namespaces-keys",
    rule: "G7",
    title: "keys lists its own namespace",
    guide: "#namespaces",
    needs: ["keys"],
    async run(kit) {
      const handles = await kit.openAll();
      const keys: string[] = [];
      for (const handle of handles) keys.push(...(await kit.fill(handle, [kit.session()])));
      for (const [index, handle] of handles.entries()) {
        listed(kit, await list(handle.keys?.()), keys, index, "keys of a namespace with one session");
      }
    },
  },
  {
    id: "namespaces-keys-of",
    rule: "G7",
    title: "keysOf lists its own namespace",
    guide: "#namespaces",
    needs: ["keysOf"],
    async run(kit) {
      const [handles, owner] = [await kit.openAll(), kit.key()];
      const keys: string[] = [];
      for (const handle of handles) keys.push(...(await kit.fill(handle, [kit.session({ owner })])));
      for (const [index, handle] of handles.entries()) {
        listed(kit, await list(handle.keysOf?.(owner)), keys, index, "keys of an owner with one session here");
      }
    },
  },
];

/** A key may be listed twice, or linger; one of another namespace may not be listed. */
function listed(kit: Kit, came: readonly string[], keys: readonly string[], own: number, what: string): void {
  kit.contains(came, keys.slice(own, own + 1), what);
  kit.equal(came.filter((key) => keys.indexOf(key) >= 0 && keys.indexOf(key) !== own).length, 0, `foreign ${what}`);
}
