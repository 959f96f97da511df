import { type Broken, evenExpired, updateWith } from "./bench.js";

/** Updates that compare wrongly, write wrongly or answer wrongly. */
export const brokenUpdates: readonly Broken[] = [
  {
    name: "update upserts",
    fails: ["update-creates-nothing", "expired-stays-dead", "expires-for-update", "count-sessions"],
    edit: ({ real }) => ({
      async update(key, record, expected) {
        const answer = await real.update(key, record, expected);
        return !answer.written && (await real.create(key, record)) ? { written: true } : answer;
      },
    }),
  },
  {
    name: "update ignores the version",
    fails: [
      "update-refuses-other-version",
      "refusal-shows-current",
      "update-in-both-orders",
      "versions-by-equality",
      "update-sent-again",
      "same-data-new-version",
      "increments-exact",
      "marker-refuses-late-save",
      "marker-replaced",
      "logout-seen-everywhere",
      "update-one-winner",
      "update-one-winner-across-handles",
      "retire-one-winner",
      "keys-of-earlier-expiry",
      "destroy-against-saves",
      "records-not-shared",
    ],
    edit: ({ real, store, now }) => ({
      update: (key, record, expected) => real.update(key, record, store.find(key, now())?.version ?? expected),
    }),
  },
  {
    name: "update forgets the new version",
    fails: [
      "reads-are-there",
      "update-replaces",
      "update-in-both-orders",
      "update-sent-again",
      "create-sent-again",
      "same-data-new-version",
      "increments-exact",
      "marker-is-read",
      "read-many-seen-at-once",
      "marker-refuses-late-save",
      "marker-holds-key",
      "marker-replaced",
      "touch-leaves-markers",
      "logout-seen-everywhere",
      "update-one-winner",
      "update-one-winner-across-handles",
      "retire-one-winner",
      "destroy-against-saves",
      "touch-against-writes",
      "reads-are-whole",
      "update-never-shortens",
      "update-extends",
      "marker-takes-own-expiry",
      "data-controls",
      "data-whitespace",
      "data-unicode",
      "data-lookalikes",
      "data-empty",
      "data-beginnings",
      "data-big",
      "records-not-retained",
      "namespaces-write",
      "owner-follows-record",
      "keys-of-new-owner",
      "writes-spare-others",
      "brief-lives-spare-slow-clocks",
      "fractions",
      "logout-seen-at-once",
      "outage-ends-down",
      "outage-ends-silent",
      "saves-seen-at-once",
      "too-large-to-update",
      "updates-keep-touches",
    ],
    edit: ({ real }) => ({
      update: (key, record, expected) => real.update(key, { ...record, version: expected }, expected),
    }),
  },
  {
    name: "update skips data that has not changed",
    fails: ["same-data-new-version"],
    edit: ({ real, store, now }) => ({
      async update(key, record, expected) {
        const current = store.find(key, now());
        const same = current?.version === expected && current.data === record.data;
        return same ? { written: true } : real.update(key, record, expected);
      },
    }),
  },
  {
    name: "update takes a version already there for success",
    fails: ["update-sent-again"],
    edit: ({ real }) => ({
      async update(key, record, expected) {
        const answer = await real.update(key, record, expected);
        return !answer.written && answer.current?.version === record.version ? { written: true } : answer;
      },
    }),
  },
  {
    name: "a refusal carries nothing",
    fails: [
      "refusal-shows-current",
      "update-sent-again",
      "increments-exact",
      "marker-refuses-late-save",
      "update-one-winner",
      "update-one-winner-across-handles",
      "retire-one-winner",
      "destroy-against-saves",
    ],
    edit: ({ real }) => ({
      async update(key, record, expected) {
        const answer = await real.update(key, record, expected);
        return answer.written ? answer : { written: false, current: undefined };
      },
    }),
  },
  {
    name: "update ignores expiry",
    fails: ["expired-stays-dead", "expires-for-update"],
    edit: (bench) => ({
      async update(key, record, expected) {
        const current = evenExpired(bench, key);
        if (current?.version !== expected) return bench.real.update(key, record, expected);
        bench.store.put(key, { ...current, expiresAt: Number.MAX_SAFE_INTEGER }, bench.now());
        return updateWith(bench, [key, record, expected], (next) => ({
          ...next,
          expiresAt: next.retired === undefined ? Math.max(current.expiresAt, record.expiresAt) : next.expiresAt,
        }));
      },
    }),
  },
  {
    name: "versions are compared without case",
    fails: ["versions-by-equality"],
    edit: ({ real, store, now }) => ({
      update(key, record, expected) {
        const there = store.find(key, now())?.version ?? "";
        return real.update(key, record, there.toLowerCase() === expected.toLowerCase() ? there : expected);
      },
    }),
  },
  {
    name: "versions lose their blanks",
    fails: ["versions-by-equality"],
    edit: ({ real }) => ({
      update: (key, record, expected) => real.update(key, record, expected.trim()),
    }),
  },
];
