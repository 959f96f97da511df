import { SessionError } from "../../errors.js";
import type { SessionRecord } from "../../provider.js";
import { type Broken, perStore, storing } from "./bench.js";

/** In UTF-16 code units: the limit of a MySQL packet. */
const most = 1 << 24;
const references = perStore(() => new Map<string, SessionRecord>());

/** A provider that changes data on its way in. */
function mangling(name: string, fails: readonly string[], change: (data: string) => string): Broken {
  const stored = (record: SessionRecord) => ({ ...record, data: change(record.data) });
  return { name, fails, edit: (bench) => storing(bench, stored) };
}

function reparse(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data));
  } catch {
    return data;
  }
}

/** Data that is not returned as it was written. */
export const brokenData: readonly Broken[] = [
  mangling("data ends at NUL", ["data-controls"], (data) => data.replace(/\0.*/s, "")),
  mangling("data is trimmed", ["data-controls", "data-whitespace", "data-unicode"], (data) => data.trim()),
  mangling("data gets its line ends changed", ["data-whitespace"], (data) => data.replaceAll("\r\n", "\n")),
  mangling("data is normalised", ["data-unicode"], (data) => data.normalize("NFC")),
  mangling("data loses what is beyond the basic plane", ["data-unicode", "data-big"], (data) =>
    data.replace(/[\u{10000}-\u{10ffff}]/gu, "?"),
  ),
  mangling("data is parsed and printed again", ["data-lookalikes"], reparse),
  mangling("data that begins with U+0001 is taken for marked", ["data-beginnings"], (data) =>
    data.replace(/^\x01(?=a)/, ""),
  ),
  mangling("empty data becomes something", ["data-empty"], (data) => data || "{}"),
  mangling(
    "data is cut at 65,535 units",
    ["data-big", "read-many-at-once", "too-large-to-create", "too-large-to-update"],
    (data) => data.slice(0, 65_535),
  ),
  mangling("data is cut at a million units", ["data-big", "too-large-to-create", "too-large-to-update"], (data) =>
    data.slice(0, 1_000_000),
  ),
  mangling("data is cut at 16 MB", ["too-large-to-create", "too-large-to-update"], (data) => data.slice(0, most)),
  {
    name: "what is too large is an error like any other",
    fails: ["too-large-to-create", "too-large-to-update"],
    edit: (bench) =>
      storing(bench, (record) => {
        if (record.data.length > most) throw new RangeError("packet too large");
        return record;
      }),
  },
  {
    name: "a create that is too large leaves a torn record",
    fails: ["too-large-to-create"],
    edit: ({ real }) => ({
      async create(key, record) {
        if (record.data.length <= most) return real.create(key, record);
        await real.create(key, { ...record, data: "" });
        throw new SessionError("SESS_TOO_LARGE", "too large");
      },
    }),
  },
  {
    name: "an update that is too large removes what is there",
    fails: ["too-large-to-update"],
    edit: ({ real, store }) => ({
      async update(key, record, expected) {
        if (record.data.length <= most) return real.update(key, record, expected);
        store.remove(key);
        throw new SessionError("SESS_TOO_LARGE", "too large");
      },
    }),
  },
  {
    name: "create retains the record",
    fails: ["records-not-retained"],
    edit: ({ real, store }) => ({
      async create(key, record) {
        const created = await real.create(key, record);
        if (created) references(store).set(key, record);
        return created;
      },
      async read(key) {
        const record = await real.read(key);
        const retained = references(store).get(key);
        return record && retained ? { ...record, data: retained.data } : record;
      },
      update(key, record, expected) {
        references(store).delete(key);
        return real.update(key, record, expected);
      },
    }),
  },
  {
    name: "read hands out the stored record",
    fails: ["records-not-shared"],
    edit: ({ real, store, now }) => ({
      async read(key) {
        await real.count();
        return store.find(key, now());
      },
    }),
  },
];
