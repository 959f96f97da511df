import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { disk } from "../src/disk.js";
import { everything, key, openStore, randomHex, scratch, session, stoppedAt } from "./support.js";

const newDirectory = scratch();
const start = Date.now();

test("what expired a minute ago is removed; only the fans stay", async () => {
  const directory = await newDirectory();
  const clock = { time: start };
  const store = await openStore(directory, { now: () => clock.time });
  const record = session({ expiresAt: start + 1000 });
  for (let made = 0; made < 50; made += 1) await store.create(key(), record);
  clock.time = start + 61_000;
  expect(await store.gc()).toBe(50);
  expect((await everything(directory)).filter((name) => name.length > 2)).toEqual([]);
});

test("several at once remove each record once", async () => {
  const directory = await newDirectory();
  const now = () => start + 61_000;
  const stores = await Promise.all([1, 2, 3].map(() => openStore(directory, { now })));
  const early = await openStore(directory, { now: () => start });
  for (let made = 0; made < 60; made += 1) await early.create(key(), session({ expiresAt: start + 1000 }));
  const counts = await Promise.all(stores.map((store) => store.gc()));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(60);
});

test("bodies that no label names go once they are old, and only those", async () => {
  const directory = await newDirectory();
  const store = await openStore(directory);
  const [at, record] = [key(), session()];
  await store.create(at, record);
  const slot = join(directory, at.slice(0, 2), at);
  const [old, young] = [`b-${randomHex(12)}`, `b-${randomHex(12)}`];
  for (const name of [old, young]) await writeFile(join(slot, name), "left behind");
  await utimes(join(slot, old), 1, 1);
  expect(await store.gc()).toBe(0);
  const names = await everything(slot);
  expect(names).toContain(young);
  expect(names).not.toContain(old);
  expect(await store.read(at)).toEqual(record);
});

test("the next gc removes what a killed one had begun to remove", async () => {
  const directory = await newDirectory();
  const { disk: stopped, gate } = stoppedAt("removeDirectory");
  const victim = await openStore(directory, { disk: stopped, now: () => start + 700_000 });
  const store = await openStore(directory, { now: () => start + 700_000 });
  await (await openStore(directory, { now: () => start })).create(key(), session({ expiresAt: start + 1 }));
  const collecting = victim.gc();
  await gate.reached;
  expect(await store.gc()).toBe(0);
  expect((await everything(directory)).filter((name) => name.length > 2)).toEqual([]);
  gate.open();
  expect(await collecting).toBe(1);
});

test("a create that goes on while gc empties its directory fails: it makes no half of a record", async () => {
  const directory = await newDirectory();
  const { disk: slow, gate: renaming } = stoppedAt("rename");
  const { disk: stopped, gate: emptied } = stoppedAt("removeDirectory");
  const [at, record] = [key(), session()];
  const creating = (await openStore(directory, { disk: slow })).create(at, record);
  await renaming.reached;
  const fan = join(directory, at.slice(0, 2));
  for (const name of await everything(fan)) await utimes(join(fan, name), 1, 1);
  const store = await openStore(directory, { disk: stopped });
  const collecting = store.gc();
  await emptied.reached;
  renaming.open();
  await expect(creating).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  emptied.open();
  await collecting;
  expect((await everything(directory)).filter((name) => name.length > 2)).toEqual([]);
  expect(await store.create(at, record)).toBe(true);
});

test("the event loop turns between steps, and closing the handle ends it", async () => {
  const directory = await newDirectory();
  const early = await openStore(directory, { now: () => start });
  for (let made = 0; made < 40; made += 1) await early.create(key(), session({ expiresAt: start + 1 }));
  let removed = 0;
  const store = await openStore(directory, {
    now: () => start + 61_000,
    disk: {
      unlink: async (path) => {
        await disk.unlink(path);
        removed += 1;
        // It waits for what is under way, of which this is a step.
        if (removed === 10) void store.close();
      },
    },
  });
  const counted = await store.gc();
  expect(counted).toBeGreaterThan(0);
  expect(counted).toBeLessThan(40);
  await expect(store.gc()).rejects.toMatchObject({ code: "SESS_CLOSED" });
});
