import { copyRecord } from "../../memory/memory-store.js";
import type { Provider, SessionRecord } from "../../provider.js";
import { turn } from "../kit.js";
import { type Bench, type Broken, evenExpired } from "./bench.js";
import { unreachable } from "./wire.js";

type Records = readonly (SessionRecord | undefined)[];
type ReadMany = (keys: readonly string[]) => Promise<Records>;

const holes = ["read-many-order", "read-many-expired", "read-many-namespaces"];
const answers = ["read-many-order", "read-many-at-once"];

/** The memory provider with another `readMany`, made from the correct one. Each handle has its own. */
function broken(name: string, fails: readonly string[], change: (sound: ReadMany, bench: Bench) => ReadMany): Broken {
  const edit = (bench: Bench): Partial<Provider> => ({
    readMany: change((keys) => Promise.all(keys.map((key) => bench.real.read(key))), bench),
  });
  return { name, fails, edit };
}

/** The same for a `readMany` that only changes the correct answer. */
function answering(name: string, fails: readonly string[], change: (records: Records) => Records): Broken {
  return broken(name, fails, (sound) => async (keys) => change(await sound(keys)));
}

function found(record: SessionRecord | undefined): boolean {
  return record !== undefined;
}

function copied(record: SessionRecord | undefined): SessionRecord | undefined {
  return record && copyRecord(record);
}

/** In the order of the keys, as an index gives rows. */
async function byKey(sound: ReadMany, keys: readonly string[]): Promise<Records> {
  return sound([...keys].sort());
}

/** A key that was read once is not read again. */
function caching(sound: ReadMany, bench: Bench): ReadMany {
  const cache = new Map<string, SessionRecord>();
  return async (keys) => {
    const unknown = keys.filter((key) => !cache.has(key));
    for (const [place, record] of (await sound(unknown)).entries()) {
      if (record !== undefined) cache.set(unknown[place] ?? "", record);
    }
    return keys.map((key) => cache.get(key)).map((record) => (isLive(record, bench) ? record : undefined));
  };
}

function isLive(record: SessionRecord | undefined, { now }: Bench): boolean {
  return record !== undefined && record.expiresAt > now();
}

/** The parameters of a statement are shared by all calls of the handle. */
function sharingParameters(sound: ReadMany): ReadMany {
  let parameters: readonly string[] = [];
  return async (keys) => {
    parameters = keys;
    await turn();
    return sound(parameters);
  };
}

/** Ignores the namespace. */
function everywhere(sound: ReadMany, { stores, now }: Bench): ReadMany {
  return async (keys) => {
    await sound(keys);
    return keys.map((key) => copied([...stores.values()].map((store) => store.find(key, now())).find(found)));
  };
}

function evenWhenClosed(_: ReadMany, { store, now }: Bench): ReadMany {
  return async (keys) => keys.map((key) => copied(store.find(key, now())));
}

function evenIfExpired(sound: ReadMany, bench: Bench): ReadMany {
  return async (keys) => {
    await sound(keys);
    const records = keys.map((key) => evenExpired(bench, key));
    return records.map(copied);
  };
}

function cutShort(record: SessionRecord | undefined): SessionRecord | undefined {
  return record && { ...record, data: record.data.slice(0, 65_535) };
}

/** Stores whose answer for several keys differs from the answers for each of them. */
export const brokenReadMany: readonly Broken[] = [
  broken("readMany answers in the order of the keys", answers, (sound) => (keys) => byKey(sound, keys)),
  answering("readMany leaves out what is missing", holes, (records) => records.filter(found)),
  answering("readMany gives what is missing last", holes, (records) => [
    ...records.filter(found),
    ...records.filter((record) => !found(record)),
  ]),
  answering("readMany finds nothing where one key is missing", holes, (records) =>
    records.every(found) ? records : records.map(() => undefined),
  ),
  broken("readMany rejects where one key is missing", holes, (sound) => async (keys) => {
    const records = await sound(keys);
    return records.every(found) ? records : Promise.reject(new TypeError("no such row"));
  }),
  answering("readMany hides markers", ["read-many-order", "read-many-seen-at-once"], (records) =>
    records.map((record) => (record?.retired === undefined ? record : undefined)),
  ),
  answering("readMany has room for seven keys", answers, (records) =>
    records.map((record, place) => (place < 7 ? record : undefined)),
  ),
  answering("readMany cuts long records short", ["read-many-at-once"], (records) => records.map(cutShort)),
  broken("two readMany at once share their parameters", ["read-many-at-once"], sharingParameters),
  broken("readMany ignores expiry", ["read-many-expired"], evenIfExpired),
  broken("readMany caches what it has read", ["read-many-seen-at-once"], caching),
  broken("readMany looks into every namespace", ["read-many-namespaces"], everywhere),
  broken("readMany of a closed handle answers", ["closed-rejects"], evenWhenClosed),
  {
    name: "readMany takes a failure for nothing",
    fails: ["outage-rejects-down", "outage-rejects-silent"],
    edit: () => ({}),
    client: (sound) => ({
      readMany: async (keys) =>
        (await sound.readMany?.(keys).catch((error: unknown) => {
          if (error !== unreachable) throw error;
          return keys.map(() => undefined);
        })) ?? [],
    }),
  },
];
