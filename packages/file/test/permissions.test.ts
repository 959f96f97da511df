import { mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { createManager } from "@sess/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Disk, disk } from "../src/disk.js";
import { file } from "../src/provider.js";
import type { FileStore } from "../src/store.js";
import { everything, key, openStore, scratch, session } from "./support.js";
import { visit } from "./visit.js";

const newDirectory = scratch();
const config = { code: "SESS_CONFIG" };
const isRoot = process.geteuid?.() === 0;
const start = Date.now();
const context = { now: Date.now, contract: 1 as const };

async function modes(directory: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const name of await everything(directory)) {
    const stats = await stat(join(directory, name));
    found.add(`${stats.isDirectory() ? "directory" : "file"} ${(stats.mode & 0o777).toString(8)}`);
  }
  return found;
}

describe("who may read and write", () => {
  test.each([0o000, 0o022, 0o077])(
    "directories are 0700 and files 0600 under umask %o: beego CVE-2019-16355",
    async (umask) => {
      const directory = join(await newDirectory(), "made/by/us");
      const before = process.umask(umask);
      try {
        const store = await openStore(directory);
        const [at, record] = [key(), session()];
        await store.create(at, record);
        await store.update(at, session(), record.version);
      } finally {
        process.umask(before);
      }
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
      expect(await modes(directory)).toEqual(new Set(["directory 700", "file 600"]));
    },
  );

  test.each([0o777, 0o770, 0o720, 0o702, 0o1777])("a directory with mode %o is refused", async (mode) => {
    const directory = await newDirectory();
    await chmod(directory, mode);
    await expect(file(directory).connect(context)).rejects.toMatchObject(config);
    await expect(file(directory).connect(context)).rejects.toThrow("chmod 700");
  });

  test("a directory that others may only read is taken: what is in it is closed to them", async () => {
    const directory = await newDirectory();
    await chmod(directory, 0o755);
    await (await file(directory).connect(context)).close();
  });

  test.skipIf(!isRoot)("a directory of another user is refused", async () => {
    const directory = await newDirectory();
    await chown(directory, 65_534, 65_534);
    await expect(file(directory).connect(context)).rejects.toThrow("belongs to another user");
  });

  test.each([0o2775, 0o2770, 0o2730])(
    "a directory of ours with mode %o, as fsGroup leaves it, is taken from its group",
    async (mode) => {
      const directory = await newDirectory();
      await chmod(directory, mode);
      await (await file(directory).connect(context)).close();
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
    },
  );

  test("a shared directory that holds something else as well is not touched", async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, "report.txt"), "");
    await chmod(directory, 0o2775);
    await expect(file(directory).connect(context)).rejects.toThrow("can be written to by its group");
    expect((await stat(directory)).mode & 0o7777).toBe(0o2775);
    await unlink(join(directory, "report.txt"));
    await mkdir(join(directory, "ab"));
    await (await file(directory).connect(context)).close();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test("setgid excuses nothing else: not that others may write, nor that it is a link to such a directory", async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, "volume"));
    await chmod(join(directory, "volume"), 0o2777);
    await expect(file(join(directory, "volume")).connect(context)).rejects.toThrow("chmod 700");
    await chmod(join(directory, "volume"), 0o2775);
    await symlink("volume", join(directory, "link"));
    await expect(file(join(directory, "link")).connect(context)).rejects.toMatchObject(config);
    expect((await stat(join(directory, "volume"))).mode & 0o7777).toBe(0o2775);
  });

  test.skipIf(!isRoot)("the root of a volume (fsGroup) is refused with advice that can be followed there", async () => {
    const volume = await newDirectory();
    await chmod(volume, 0o2775);
    process.seteuid?.(65_534);
    const groups = process.getgroups?.() ?? [];
    try {
      await expect(file(volume).connect(context)).rejects.toThrow(
        `configure a directory in it, such as "${volume}/sessions"`,
      );
    } finally {
      process.seteuid?.(0);
    }
    expect(groups).toContain((await stat(volume)).gid);
  });

  test("a symbolic link, a file, and a path through a file are refused", async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, "real"), { mode: 0o700 });
    await symlink("real", join(directory, "link"));
    await symlink("nowhere", join(directory, "dangling"));
    await writeFile(join(directory, "file"), "");
    for (const path of ["link", "dangling", "file", "file/below"]) {
      await expect(file(join(directory, path)).connect(context)).rejects.toMatchObject(config);
    }
    expect(await readdir(join(directory, "real"))).toEqual([]);
  });

  test("above the directory symbolic links are legal: releases are often deployed so", async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, "release"));
    await symlink("release", join(directory, "current"));
    const store = await file(join(directory, "current/sessions")).connect(context);
    const [at, record] = [key(), session()];
    expect(await store.create(at, record)).toBe(true);
    expect(await store.read(at)).toEqual(record);
  });
});

describe("a directory that takes the place of the one that was opened", () => {
  type Call = (store: FileStore, at: string, version: string) => Promise<unknown>;
  const all = async (keys: AsyncIterable<string>) => {
    for await (const _ of keys);
  };
  const calls: [string, Call][] = [
    ["read", (store, at) => store.read(at)],
    ["update", (store, at, version) => store.update(at, session(), version)],
    ["update of what is not there", (store) => store.update(key(), session(), "v")],
    ["touch", (store, at, version) => store.touch(at, Date.now() + 10_000_000, version)],
    ["create", (store) => store.create(key(), session())],
    ["create beside what is there", (store, at) => store.create(at.slice(0, 2) + key().slice(2), session())],
    ["create of what is there", (store, at) => store.create(at, session())],
    ["count", (store) => store.count()],
    ["keys", (store) => all(store.keys())],
    ["keysOf", (store) => all(store.keysOf("owner"))],
    ["gc", (store) => store.gc()],
  ];

  test.each(calls)("with a whole tree in it: %s is SESS_UNAVAILABLE, and nothing in it is touched", async (_, call) => {
    const parent = await newDirectory();
    const [mine, theirs] = [join(parent, "mine"), join(parent, "theirs")];
    const store = await openStore(mine, { now: () => start + 100_000 });
    const [at, record] = [key(), session({ owner: "owner", expiresAt: start + 100_001 })];
    const others = await openStore(theirs);
    // Somebody else's record under a key of ours, and one that gc would take.
    await others.create(at, record);
    await others.create(at.slice(0, 2) + key().slice(2), session({ expiresAt: start + 1 }));
    await rename(mine, join(parent, "gone"));
    await rename(theirs, mine);
    const before = await everything(mine);
    await expect(call(store, at, record.version)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    expect(await everything(mine)).toEqual(before);
  });

  test("with the same device and inode, but another owner, counts as another", async () => {
    const directory = await newDirectory();
    const theirs: Partial<Disk> = {
      stat: async (path) => Object.assign(await disk.stat(path), { uid: 4711 }),
    };
    const store = await openStore(directory, { disk: theirs });
    await expect(store.read(key())).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
  });

  test("calls of one turn share a look at it, which begins after them all; a later call has its own", async () => {
    const looks: (() => void)[] = [];
    const held: Partial<Disk> = {
      stat: async (path) => {
        await new Promise<void>((resolve) => looks.push(resolve));
        return disk.stat(path);
      },
    };
    const store = await openStore(await newDirectory(), { disk: held });
    const reads = [1, 2, 3].map(() => store.read(key()));
    await vi.waitUntil(() => looks.length === 1);
    reads.push(store.read(key()));
    await vi.waitUntil(() => looks.length === 2);
    for (const answer of looks) answer();
    expect(await Promise.all(reads)).toEqual([undefined, undefined, undefined, undefined]);
    expect(looks).toHaveLength(2);
  });

  test("put back in the same turn: no call has looked at the other meanwhile", async () => {
    const directory = join(await newDirectory(), "sessions");
    const atOnce: Partial<Disk> = { list: async (path) => readdirSync(path) };
    const store = await openStore(directory, { disk: atOnce });
    const [at, record] = [key(), session()];
    await store.create(at, record);
    renameSync(directory, `${directory}-away`);
    mkdirSync(directory, { mode: 0o700 });
    const read = store.read(at);
    rmdirSync(directory);
    renameSync(`${directory}-away`, directory);
    expect(await read).toEqual(record);
  });

  test("sessions are read under a test's fake timers", async () => {
    const store = await openStore(await newDirectory());
    const [at, record] = [key(), session()];
    await store.create(at, record);
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    expect(await store.read(at)).toEqual(record);
  });

  test("service comes back with the directory", async () => {
    const directory = join(await newDirectory(), "sessions");
    const store = await openStore(directory);
    const [at, record] = [key(), session()];
    await store.create(at, record);
    await rename(directory, `${directory}-away`);
    await mkdir(directory, { mode: 0o700 });
    await expect(store.read(at)).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
    await rename(directory, `${directory}-other`);
    await rename(`${directory}-away`, directory);
    expect(await store.read(at)).toEqual(record);
  });
});

describe("symbolic links in the directory", () => {
  /** A stored record, its directory, and a directory elsewhere. */
  const prepared = async () => {
    const [home, elsewhere] = [await newDirectory(), await newDirectory()];
    const store = await openStore(home);
    const [at, record] = [key(), session()];
    await store.create(at, record);
    const fan = join(home, at.slice(0, 2));
    return { home, elsewhere, store, at, record, fan, slot: join(fan, at) };
  };

  test("a body replaced by a link, even to a copy of itself, is no session", async () => {
    const { elsewhere, store, at, slot } = await prepared();
    const body = (await readdir(slot)).find((name) => name.startsWith("b-")) ?? "";
    await link(join(slot, body), join(elsewhere, "copy"));
    await unlink(join(slot, body));
    await symlink(join(elsewhere, "copy"), join(slot, body));
    expect(await store.read(at)).toBeUndefined();
  });

  test.each(["slot", "fan"] as const)(
    "a %s replaced by a link is not read through, and nothing is written there",
    async (what) => {
      const { elsewhere, store, at, record, ...paths } = await prepared();
      await rename(paths[what], join(elsewhere, "moved"));
      await symlink(join(elsewhere, "moved"), paths[what]);
      const before = await everything(elsewhere);
      const failure = { code: "SESS_UNAVAILABLE" };
      expect(await store.read(at)).toBeUndefined();
      await expect(store.update(at, session(), record.version)).rejects.toMatchObject(failure);
      await expect(store.touch(at, record.expiresAt + 1, record.version)).rejects.toMatchObject(failure);
      await expect(store.create(at, session())).rejects.toMatchObject(failure);
      expect(await store.count()).toBe(0);
      await (await openStore(paths.home, { now: () => Date.now() + 10_000_000 })).gc();
      expect(await everything(elsewhere)).toEqual(before);
    },
  );

  test("a FIFO in place of a body blocks nothing", async () => {
    const { store, at, slot } = await prepared();
    const body = (await readdir(slot)).find((name) => name.startsWith("b-")) ?? "";
    await unlink(join(slot, body));
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [join(slot, body)]);
    expect(await store.read(at)).toBeUndefined();
  });
});

describe("names that come from outside: Remix CVE-2025-61686, PAN-OS CVE-2024-3400", () => {
  const hostile = [
    "../../../../etc/passwd",
    "..",
    "",
    "/etc/passwd",
    "a".repeat(63),
    "A".repeat(64),
    `${"a".repeat(64)}/..`,
    `../${"a".repeat(61)}`,
    `${"a".repeat(64)}\0`,
    `${"a".repeat(64)}\n`,
    "`touch x`",
  ];

  test.each(hostile)("%j is refused as a key, and no path is made of it", async (bad) => {
    const directory = await newDirectory();
    const calls: string[] = [];
    const store = await openStore(directory, {
      disk: {
        list: async (path) => {
          calls.push(path);
          return [];
        },
      },
    });
    const refused = { code: "SESS_UNSUPPORTED" };
    await expect(store.read(bad)).rejects.toMatchObject(refused);
    await expect(store.create(bad, session())).rejects.toMatchObject(refused);
    await expect(store.update(bad, session(), "v")).rejects.toMatchObject(refused);
    await expect(store.touch(bad, 1, "v")).rejects.toMatchObject(refused);
    expect(calls).toEqual([]);
    expect(await everything(directory)).toEqual([]);
  });

  test("a hostile id through core never reaches a path, and what is stored names no id", async () => {
    const directory = await newDirectory();
    const sessions = await createManager(file(directory));
    for (const id of [...hostile, `${"../".repeat(14)}x`, "..%2f..%2f"]) {
      expect((await visit(sessions, id)).id).not.toBe(id);
      expect(await sessions.load(id)).toBeUndefined();
    }
    expect(await everything(directory)).toEqual([]);
    const mine = await visit(sessions);
    mine.set("user", "ada");
    await mine.release();
    for (const name of await everything(directory)) {
      expect(name).not.toContain(mine.id);
      const path = join(directory, name);
      if ((await stat(path)).isFile()) expect(await readFile(path, "utf8")).not.toContain(mine.id);
    }
    await sessions.close();
  });
});
