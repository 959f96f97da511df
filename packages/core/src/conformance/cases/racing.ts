import type { Provider, SessionRecord, Update } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

const racers = 24;
/** The first races open a pool's connections, one after the other: only then are calls really at once. */
const races = 12;

/** Many concurrent calls on one key: exactly one wins, and the others get the winner's record. */
export const racingCases: readonly Case[] = [
  {
    id: "update-one-winner",
    rule: "G1",
    title: "of many updates at one version exactly one is written, and every refusal shows it",
    guide: "#atomicity",
    async run(kit) {
      await raceUpdates(kit, [await kit.open()], () => kit.session());
    },
  },
  {
    id: "update-one-winner-across-handles",
    rule: "G1",
    title: "of many updates at one version through several handles exactly one is written",
    guide: "#atomicity",
    needs: ["shared"],
    async run(kit) {
      await raceUpdates(kit, [await kit.open(), await kit.open(), await kit.open()], () => kit.session());
    },
  },
  {
    id: "retire-one-winner",
    rule: "G4",
    title: "of many regenerations of one session one retires it, and the others learn its successor",
    guide: "#atomicity",
    async run(kit) {
      await raceUpdates(kit, [await kit.open()], () => kit.marker(kit.key()));
    },
  },
  {
    id: "create-one-winner",
    rule: "G4",
    title: "of many creates on one key exactly one is stored",
    guide: "#atomicity",
    async run(kit) {
      await raceCreates(kit, [await kit.open()]);
    },
  },
  {
    id: "create-one-winner-across-handles",
    rule: "G4",
    title: "of many creates on one key through several handles exactly one is stored",
    guide: "#atomicity",
    needs: ["shared"],
    async run(kit) {
      await raceCreates(kit, [await kit.open(), await kit.open(), await kit.open()]);
    },
  },
  {
    id: "destroy-against-saves",
    rule: "G3",
    title: "a logout among saves that replay until they are refused by it has the last word",
    guide: "#atomicity",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const start = kit.session();
      await provider.create(key, start);
      const marker = kit.marker();
      const saves = () => Array.from({ length: 4 }, () => save(kit, provider, key, start));
      await Promise.all([...saves(), destroy(kit, provider, key, marker, start), ...saves()]);
      kit.record(await provider.read(key), marker, "read after all of them");
    },
  },
  {
    id: "touch-against-writes",
    rule: "G3",
    title: "a touch at the same time as a save or a logout undoes neither",
    guide: "#atomicity",
    async run(kit) {
      const [provider, later] = [await kit.open(), kit.clock.now() + 900_000];
      for (const written of [kit.session(), kit.marker()]) {
        const [key, start] = [kit.key(), kit.session()];
        await provider.create(key, start);
        const touch = () => provider.touch(key, later, start.version);
        const race = [touch(), touch(), provider.update(key, written, start.version), touch(), touch()];
        await Promise.all<unknown>(race);
        const { version, retired } = (await provider.read(key)) ?? {};
        kit.equal(version, written.version, "version after the race");
        kit.equal(retired, written.retired, "whether it is retired after the race");
      }
    },
  },
  {
    id: "reads-are-whole",
    rule: "G6",
    title: "a read during an update sees the record before or the record after, never parts of both",
    guide: "#atomicity",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const records = Array.from({ length: 12 }, () => kit.session());
      const [start = kit.session(), ...rest] = records;
      await provider.create(key, start);
      let before = start;
      for (const next of rest) {
        const reads = () => Array.from({ length: 4 }, () => provider.read(key));
        const race = [...reads(), provider.update(key, next, before.version).then(() => undefined), ...reads()];
        const seen = (await Promise.all(race)).filter((record) => record !== undefined);
        for (const record of seen) kit.record(record, record.version === next.version ? next : before, "a read");
        before = next;
      }
    },
  },
];

async function raceUpdates(kit: Kit, handles: readonly Provider[], make: () => SessionRecord): Promise<void> {
  for (let race = 0; race < races; race += 1) await raceToUpdate(kit, handles, make);
}

async function raceToUpdate(kit: Kit, handles: readonly Provider[], make: () => SessionRecord): Promise<void> {
  const [key, start] = [kit.key(), kit.session()];
  const sent = Array.from({ length: racers }, make);
  await handles[0]?.create(key, start);
  const race = sent.map((record, index) => handles[index % handles.length]?.update(key, record, start.version));
  const answers = await Promise.all(race);
  const winners = sent.filter((_, index) => answers[index]?.written);
  kit.equal(winners.length, 1, `updates written, of ${racers} at once`);
  const losers = answers.filter((answer): answer is Update => answer?.written === false);
  for (const answer of losers) kit.refused(answer, "a loser's refusal", winners[0]);
  for (const handle of handles) kit.record(await handle.read(key), winners[0], "read after the race");
}

async function raceCreates(kit: Kit, handles: readonly Provider[]): Promise<void> {
  for (let race = 0; race < races; race += 1) await raceToCreate(kit, handles);
}

async function raceToCreate(kit: Kit, handles: readonly Provider[]): Promise<void> {
  const key = kit.key();
  const sent = Array.from({ length: racers }, () => kit.session());
  const answers = await Promise.all(sent.map((record, index) => handles[index % handles.length]?.create(key, record)));
  const winners = sent.filter((_, index) => answers[index]);
  kit.equal(winners.length, 1, `creates that answered true, of ${racers} at once`);
  for (const handle of handles) kit.record(await handle.read(key), winners[0], "read after the race");
}

async function save(kit: Kit, provider: Provider, key: string, start: SessionRecord): Promise<void> {
  let expected = start.version;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const next = kit.session();
    const answer = await provider.update(key, next, expected);
    if (!answer.written && answer.current?.retired !== undefined) return;
    expected = answer.written ? next.version : (answer.current?.version ?? expected);
  }
}

async function destroy(
  kit: Kit,
  provider: Provider,
  key: string,
  marker: SessionRecord,
  start: SessionRecord,
): Promise<void> {
  let expected = start.version;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const answer = await provider.update(key, marker, expected);
    if (answer.written) return;
    expected = answer.current?.version ?? expected;
  }
  kit.fail("the logout", "written once the saves have ended", "refused every time");
}
