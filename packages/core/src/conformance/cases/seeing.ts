import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import { type Kit, turn, underWay } from "../kit.js";

const rounds = 30;

/** The writes of one handle are visible to every other, immediately and without a gap. */
export const seeingCases: readonly Case[] = [
  {
    id: "reads-are-there",
    rule: "G6",
    title: "a read during an update or a touch finds the record before or after it: no moment is without one",
    guide: "#atomicity",
    needs: ["shared"],
    async run(kit) {
      const [writer, reader, key] = [await kit.open(), await kit.open(), kit.key()];
      let there = kit.session();
      await writer.create(key, there);
      for (let round = 1; round <= rounds; round += 1) {
        const [start, next] = [there, kit.session()];
        const touch = () => writer.touch(key, start.expiresAt + 1000, start.version);
        await readDuring(kit, [reader, key], [start, start], touch);
        await readDuring(kit, [reader, key], [start, next], () => writer.update(key, next, start.version));
        there = next;
      }
    },
  },
  {
    id: "logout-seen-at-once",
    rule: "G3",
    title: "a handle that has read a session reads its marker after another's logout, before it writes anything",
    guide: "#markers",
    needs: ["shared"],
    async run(kit) {
      const [one, two, key] = [await kit.open(), await kit.open(), kit.key()];
      const [start, marker] = [kit.session(), kit.marker()];
      await one.create(key, start);
      kit.record(await two.read(key), start, "read by the other handle before the logout");
      kit.written(await one.update(key, marker, start.version), "the logout");
      kit.record(await two.read(key), marker, "read by the other handle after the logout");
    },
  },
  {
    id: "saves-seen-at-once",
    rule: "G1",
    title: "a handle that has read a session reads what another saved, and how long it lives since another's touch",
    guide: "#read",
    needs: ["shared"],
    async run(kit) {
      const [one, two, key] = [await kit.open(), await kit.open(), kit.key()];
      const [start, next] = [kit.session(), kit.session()];
      const expiresAt = next.expiresAt + 60_000;
      await one.create(key, start);
      kit.record(await two.read(key), start, "read by the other handle before the save");
      kit.written(await one.update(key, next, start.version), "the save");
      kit.record(await two.read(key), next, "read by the other handle after the save");
      kit.equal(await one.touch(key, expiresAt, next.version), true, "the touch");
      kit.record(await two.read(key), { ...next, expiresAt }, "read by the other handle after the touch");
    },
  },
  {
    id: "creates-seen-at-once",
    rule: "G4",
    title: "a handle that has read nothing reads what another created since",
    guide: "#read",
    needs: ["shared"],
    async run(kit) {
      const [one, two, key, record] = [await kit.open(), await kit.open(), kit.key(), kit.session()];
      kit.record(await two.read(key), undefined, "read of a free key");
      kit.equal(await one.create(key, record), true, "create by the other handle");
      kit.record(await two.read(key), record, "read of what was created");
    },
  },
];

/** A limit is needed: a client may refuse calls beyond its queue, and a slow write lasts thousands of turns. */
const mostUnanswered = 200;

/** Reads continuously, and once more after the write was answered. Other cases are about the expiry. */
async function readDuring(
  kit: Kit,
  [reader, key]: readonly [Provider, string],
  [before, after]: readonly [SessionRecord, SessionRecord],
  write: () => Promise<unknown>,
): Promise<void> {
  const seen: Promise<SessionRecord | undefined>[] = [];
  let unanswered = 0;
  const answered = () => {
    unanswered--;
  };
  const read = () => {
    const reading = reader.read(key);
    unanswered++;
    reading.then(answered, answered);
    seen.push(reading);
  };
  read();
  read();
  const writing = underWay(write());
  while (!writing.isSettled) {
    if (unanswered < mostUnanswered) read();
    await turn();
  }
  const came = await Promise.all([...seen, reader.read(key)]);
  await writing.answer;
  for (const record of came) {
    const whole = record?.version === after.version ? after : before;
    kit.record(record, { ...whole, expiresAt: record?.expiresAt ?? whole.expiresAt }, "a read during the write");
  }
}
