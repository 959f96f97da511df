import { mkdir, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { everything, key, marker, openStore, scratch, session } from "./support.js";

const newDirectory = scratch();

async function stored() {
  const directory = await newDirectory();
  const store = await openStore(directory);
  const [at, record] = [key(), session({ owner: key() })];
  await store.create(at, record);
  const slot = join(directory, at.slice(0, 2), at);
  const names = await readdir(slot);
  const nameOf = (prefix: string) => names.find((name) => name.startsWith(prefix)) ?? "";
  return { directory, store, at, record, slot, body: join(slot, nameOf("b-")), label: nameOf("h1-") };
}

const damages: Record<string, (body: string) => Promise<void>> = {
  "cut short": (body) => truncate(body, 100),
  empty: (body) => truncate(body, 0),
  "longer than it was": (body) => writeFile(body, "more", { flag: "a" }),
  "full of zeros": async (body) => writeFile(body, Buffer.alloc((await readFile(body)).length)),
  "another text": (body) => writeFile(body, '{"cookie":{}}'),
  missing: (body) => rm(body),
  "a directory": async (body) => {
    await rm(body);
    await mkdir(body);
  },
};

test.each(Object.keys(damages))("a body that is %s is no session, and the key can be used again", async (damage) => {
  const { store, at, record, body } = await stored();
  await damages[damage]?.(body);
  expect(await store.read(at)).toBeUndefined();
  expect(await store.update(at, session(), "other")).toEqual({ written: false, current: undefined });
  const next = session();
  expect(await store.create(at, next)).toBe(true);
  expect(await store.read(at)).toEqual(next);
  expect(await store.update(at, marker(), record.version)).toMatchObject({ written: false });
});

test("a record that was copied under another key is no session", async () => {
  const { directory, store, at, slot } = await stored();
  const other = at.slice(0, 2) + key().slice(2);
  await rename(slot, join(directory, other.slice(0, 2), other));
  expect(await store.read(other)).toBeUndefined();
});

test("a later version's record is SESS_ENVELOPE for every method, and gc leaves it alone", async () => {
  const { directory, store, at, record, slot, label } = await stored();
  await rename(join(slot, label), join(slot, label.replace("h1-", "h2-")));
  const later = { code: "SESS_ENVELOPE" };
  await expect(store.read(at)).rejects.toMatchObject(later);
  await expect(store.update(at, session(), record.version)).rejects.toMatchObject(later);
  await expect(store.touch(at, record.expiresAt + 1, record.version)).rejects.toMatchObject(later);
  await expect(store.create(at, session())).rejects.toMatchObject(later);
  const before = await everything(directory);
  expect(await (await openStore(directory, { now: () => Number.MAX_SAFE_INTEGER })).gc()).toBe(0);
  expect(await everything(directory)).toEqual(before);
});

test("foreign files and directories are left alone, wherever they are, and counted by nobody", async () => {
  const { directory, store, at, slot } = await stored();
  const [fan, other] = [join(directory, at.slice(0, 2)), at.slice(0, 2) + key().slice(2)];
  await mkdir(join(directory, "lost+found"));
  await mkdir(join(directory, "zz"));
  await writeFile(join(directory, "README"), "not a session");
  await writeFile(join(fan, "notes"), "not a session");
  await writeFile(join(fan, other), "a file where a directory should be");
  await writeFile(join(slot, ".DS_Store"), "");
  await mkdir(join(fan, "t-mine"));
  const foreign = (await everything(directory)).filter((name) => !/(h1|b)-[^/]*$/.test(name));
  expect(await store.count()).toBe(1);
  expect(await store.read(other)).toBeUndefined();
  await expect(store.create(other, session())).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  const later = await openStore(directory, { now: () => Date.now() + 3_600_000 });
  expect(await later.gc()).toBe(1);
  expect(await everything(directory)).toEqual(foreign);
  await expect(later.create(at, session())).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
});

test("one listing without a label concludes nothing: POSIX lets it miss a name that is being changed", async () => {
  const { directory, at, record } = await stored();
  let listings = 0;
  const store = await openStore(directory, {
    disk: {
      list: async (path) => {
        const names = await readdir(path);
        listings += 1;
        return listings % 2 === 1 ? names.filter((name) => !name.startsWith("h1-")) : names;
      },
    },
  });
  expect(await store.read(at)).toEqual(record);
  expect(await store.create(at, session())).toBe(false);
});

test("a directory that was taken away is a failure, not a store without sessions", async () => {
  const { directory, store, at, record } = await stored();
  const failure = { code: "SESS_UNAVAILABLE" };
  await rename(directory, `${directory}.away`);
  await expect(store.read(at)).rejects.toMatchObject(failure);
  await expect(store.create(at, session())).rejects.toMatchObject(failure);
  await expect(store.count()).rejects.toMatchObject(failure);
  await mkdir(directory, { mode: 0o700 });
  await expect(store.read(at)).rejects.toMatchObject(failure);
  await expect(store.create(at, session())).rejects.toMatchObject(failure);
  await rm(directory, { recursive: true });
  await rename(`${directory}.away`, directory);
  expect(await store.read(at)).toEqual(record);
});
