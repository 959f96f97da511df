import type { Provider } from "../../provider.js";
import type { Case } from "../case.js";

const rounds = 10;
const touches = 24;

/** Of several concurrent expiries, the latest is kept: a promised time is never taken back. */
export const latestExpiryCases: readonly Case[] = [
  {
    id: "touches-keep-latest",
    rule: "G5",
    title: "of many touches at once the latest expiry stays",
    guide: "#touch",
    needs: ["shared"],
    async run(kit) {
      const handles = [await kit.open(), await kit.open(), await kit.open()];
      for (let round = 0; round < rounds; round += 1) {
        const [key, start] = [kit.key(), kit.session()];
        await handles[0]?.create(key, start);
        // Neither the first nor the last touch has the latest expiry.
        const expiries = Array.from(
          { length: touches },
          (_, at) => start.expiresAt + 1000 * (1 + ((7 * at) % touches)),
        );
        const race = expiries.map((expiresAt, at) =>
          handles[at % handles.length]?.touch(key, expiresAt, start.version),
        );
        const answers = await Promise.all(race);
        kit.equal(answers.filter((answer) => answer === true).length, touches, "touches that answered true");
        kit.equal((await handles[0]?.read(key))?.expiresAt, Math.max(...expiries), "expiry after the touches");
      }
    },
  },
  {
    id: "updates-keep-touches",
    rule: "G5",
    title: "an update at the same time as touches keeps the expiry of every touch that answered true",
    guide: "#expiry",
    needs: ["shared"],
    async run(kit) {
      const [one, two] = [await kit.open(), await kit.open()];
      for (let round = 0; round < 2 * rounds; round += 1) {
        const [key, start, next] = [kit.key(), kit.session(), kit.session()];
        await one.create(key, start);
        const touch = async (handle: Provider, more: number) => {
          const expiresAt = start.expiresAt + more;
          return (await handle.touch(key, expiresAt, start.version)) ? expiresAt : 0;
        };
        // The latest of all comes before the update in one round, and after it in the next.
        const [early, late] = round % 2 === 0 ? [5000, 3000] : [3000, 5000];
        const before = [touch(two, 1000), touch(one, 2000), touch(two, early)];
        const update = one.update(key, next, start.version);
        const promised = await Promise.all([...before, touch(two, late), touch(one, 4000)]);
        kit.written(await update, "update at the version that is there");
        const latest = Math.max(start.expiresAt, next.expiresAt, ...promised);
        kit.record(await one.read(key), { ...next, expiresAt: latest }, "read after the race");
      }
    },
  },
];
