import type { SessionRecord } from "../../provider.js";
import { type Broken, perStore, storing } from "./bench.js";

const markersOf = perStore(() => new Set<string>());

/** Providers that do not know what a marker is. */
export const brokenMarkers: readonly Broken[] = [
  {
    name: "read hides markers",
    fails: [
      "marker-is-read",
      "marker-refuses-late-save",
      "marker-holds-key",
      "marker-replaced",
      "marker-created",
      "touch-leaves-markers",
      "logout-seen-everywhere",
      "retire-one-winner",
      "destroy-against-saves",
      "touch-against-writes",
      "expires-for-read",
      "marker-takes-own-expiry",
      "gc-spares-the-living",
      "marker-keeps-owner",
      "writes-spare-others",
      "writes-spare-slow-clocks",
      "fractions",
      "logout-seen-at-once",
    ],
    edit: ({ real }) => ({
      async read(key) {
        const record = await real.read(key);
        return record?.retired === undefined ? record : undefined;
      },
    }),
  },
  {
    name: "a refusal hides markers",
    fails: ["marker-refuses-late-save", "retire-one-winner"],
    edit: ({ real }) => ({
      async update(key, record, expected) {
        const answer = await real.update(key, record, expected);
        return !answer.written && answer.current?.retired !== undefined
          ? { written: false, current: undefined }
          : answer;
      },
    }),
  },
  {
    name: "a marker that names nothing is stored as a session",
    fails: [
      "marker-is-read",
      "read-many-order",
      "read-many-seen-at-once",
      "marker-refuses-late-save",
      "marker-holds-key",
      "marker-replaced",
      "marker-created",
      "touch-leaves-markers",
      "logout-seen-everywhere",
      "destroy-against-saves",
      "touch-against-writes",
      "expires-for-read",
      "marker-takes-own-expiry",
      "gc-spares-the-living",
      "count-without-markers",
      "writes-spare-others",
      "writes-spare-slow-clocks",
      "count-many-expiries",
      "gc-many-expiries",
      "logout-seen-at-once",
    ],
    edit: (bench) =>
      storing(bench, ({ retired, ...record }) =>
        retired === undefined || retired === "" ? record : { ...record, retired },
      ),
  },
  {
    name: "update leaves markers alone",
    fails: ["marker-replaced", "marker-takes-own-expiry"],
    edit: ({ real, store, now }) => ({
      async update(key, record, expected) {
        const current = store.find(key, now());
        return current?.retired === undefined ? real.update(key, record, expected) : { written: false, current };
      },
    }),
  },
  {
    name: "create stores sessions only",
    fails: [
      "read-many-order",
      "marker-created",
      "expires-for-read",
      "gc-spares-the-living",
      "count-without-markers",
      "writes-spare-others",
      "writes-spare-slow-clocks",
    ],
    edit: ({ real }) => ({ create: (key, { retired, ...record }) => real.create(key, record) }),
  },
  {
    name: "a marker keeps the later expiry",
    fails: ["marker-takes-own-expiry", "gc-many-expiries"],
    edit: ({ real, store, now }) => ({
      update(key, record, expected) {
        const expiresAt = Math.max(record.expiresAt, store.find(key, now())?.expiresAt ?? 0);
        return real.update(key, { ...record, expiresAt }, expected);
      },
    }),
  },
  {
    name: "a marker keeps the expiry of its session",
    fails: ["marker-takes-own-expiry", "gc-many-expiries"],
    edit: ({ real, store, now }) => ({
      update(key, record, expected) {
        const kept = record.retired === undefined ? undefined : store.find(key, now())?.expiresAt;
        return real.update(key, { ...record, expiresAt: kept ?? record.expiresAt }, expected);
      },
    }),
  },
  {
    name: "touch extends markers",
    fails: ["touch-leaves-markers"],
    edit: ({ real, store, now }) => ({
      async touch(key, expiresAt, expected) {
        const current = store.find(key, now());
        if (current?.retired !== undefined && current.version === expected && current.expiresAt < expiresAt) {
          store.put(key, { ...current, expiresAt }, now());
        }
        return real.touch(key, expiresAt, expected);
      },
    }),
  },
  {
    name: "touch answers true to markers",
    fails: ["touch-leaves-markers"],
    edit: ({ real, store, now }) => ({
      async touch(key, expiresAt, expected) {
        return (await real.touch(key, expiresAt, expected)) || store.find(key, now())?.version === expected;
      },
    }),
  },
  {
    name: "a marker forgets its owner",
    fails: ["marker-keeps-owner", "keys-of-markers"],
    edit: ({ real }) => ({
      update(key, { owner, ...record }, expected) {
        const kept = owner === undefined || record.retired !== undefined ? {} : { owner };
        return real.update(key, { ...record, ...kept }, expected);
      },
    }),
  },
  {
    name: "count counts markers",
    fails: ["count-without-markers", "count-many-expiries"],
    edit({ real, store, now }) {
      const markers = markersOf(store);
      const noting = (key: string, record: SessionRecord) => {
        if (record.retired !== undefined) markers.add(key);
      };
      return {
        create(key, record) {
          noting(key, record);
          return real.create(key, record);
        },
        update(key, record, expected) {
          noting(key, record);
          return real.update(key, record, expected);
        },
        async count() {
          const standing = [...markers].filter((key) => store.find(key, now())?.retired !== undefined);
          return (await real.count()) + standing.length;
        },
      };
    },
  },
];
