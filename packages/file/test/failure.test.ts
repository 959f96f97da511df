import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { type Disk, disk } from "../src/disk.js";
import { everything, fsError, key, openStore, scratch, session } from "./support.js";

const newDirectory = scratch();
const failure = { code: "SESS_UNAVAILABLE", status: 503 };
const isRoot = process.geteuid?.() === 0;
const canMount = isRoot && process.platform === "linux";

/** A disk on which a method fails once it is broken, and works again once it is repaired. */
function breakable(method: keyof Disk, code: string): { readonly disk: Partial<Disk>; broken: boolean } {
  const state = { broken: false, disk: {} };
  const original: (...args: never[]) => unknown = disk[method];
  state.disk = {
    [method]: async (...args: never[]) => {
      if (state.broken) throw fsError(code);
      return original(...args);
    },
  };
  return state;
}

describe("a file system that fails", () => {
  test.each<[keyof Disk, string]>([
    ["openNew", "ENOSPC"],
    ["openNew", "EACCES"],
    ["openNew", "EMFILE"],
    ["write", "ENOSPC"],
    ["write", "EDQUOT"],
    ["write", "EIO"],
    ["rename", "ENOSPC"],
    ["rename", "EROFS"],
    ["sync", "EIO"],
  ])("%s with %s: SESS_UNAVAILABLE, the old record intact, nothing left over", async (method, code) => {
    const state = breakable(method, code);
    const directory = await newDirectory();
    const store = await openStore(directory, { disk: state.disk, durable: true });
    const [at, record] = [key(), session()];
    await store.create(at, record);
    const before = await everything(directory);
    state.broken = true;
    await expect(store.update(at, session(), record.version)).rejects.toMatchObject(failure);
    await expect(store.create(at.slice(0, 2) + key().slice(2), session())).rejects.toMatchObject(failure);
    state.broken = false;
    expect(await everything(directory)).toEqual(before);
    expect(await store.read(at)).toEqual(record);
    expect(await store.update(at, session(), record.version)).toEqual({ written: true });
  });

  test.each(["EIO", "EINTR", ""])("a rename of unknown outcome (%j) keeps the new body", async (code) => {
    const directory = await newDirectory();
    const lost: Partial<Disk> = {
      rename: async (from, to) => {
        await disk.rename(from, to);
        if (from.includes("/h1-")) throw fsError(code);
      },
    };
    const store = await openStore(directory, { disk: lost });
    const [at, record, next] = [key(), session(), session()];
    await store.create(at, record);
    await expect(store.update(at, next, record.version)).rejects.toMatchObject(failure);
    expect(await store.update(at, next, record.version)).toEqual({ written: false, current: next });
  });

  test.each<[keyof Disk, string]>([
    ["list", "EACCES"],
    ["list", "EIO"],
    ["openToRead", "EMFILE"],
    ["read", "EIO"],
  ])("%s with %s while reading is a failure, never no session", async (method, code) => {
    const state = breakable(method, code);
    const store = await openStore(await newDirectory(), { disk: state.disk });
    const at = key();
    await store.create(at, session());
    state.broken = true;
    await expect(store.read(at)).rejects.toMatchObject(failure);
  });

  test("what is thrown shows no key, and keeps the system's code", async () => {
    const state = breakable("openNew", "ENOSPC");
    const store = await openStore(await newDirectory(), { disk: state.disk });
    state.broken = true;
    const error: unknown = await store.create(key(), session()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { code: "ENOSPC", message: "ENOSPC: injected, open" } });
    expect(inspect(error)).not.toMatch(/secret|[0-9a-f]{32}/);
  });

  test("a write that takes part of the bytes at a time ends whole", async () => {
    const byThrees: Partial<Disk> = {
      write: (fd, bytes, from) => disk.write(fd, bytes.subarray(0, Math.min(bytes.length, from + 3)), from),
      read: (fd, into, from) => disk.read(fd, into.subarray(0, Math.min(into.length, from + 3)), from),
    };
    const store = await openStore(await newDirectory(), { disk: byThrees });
    const [at, record] = [key(), session({ data: "é".repeat(100) })];
    await store.create(at, record);
    expect(await store.read(at)).toEqual(record);
  });
});

describe.skipIf(!canMount)("a real file system", () => {
  const mounted = async (options: string, body: (directory: string) => Promise<void>) => {
    const directory = await newDirectory();
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]);
    try {
      await body(directory);
    } finally {
      execFileSync("umount", [directory]);
    }
  };

  test("that is full: records stay, writes fail, and there is room again once something has gone", async () => {
    await mounted("size=256k,mode=700", async (directory) => {
      const store = await openStore(directory);
      const records = new Map<string, ReturnType<typeof session>>();
      const create = async () => {
        const [at, record] = [key(), session({ data: "x".repeat(20_000), expiresAt: Date.now() + 1000 })];
        await store.create(at, record);
        records.set(at, record);
      };
      const filling = async () => {
        for (;;) await create();
      };
      await expect(filling()).rejects.toMatchObject({ ...failure, cause: { code: "ENOSPC" } });
      expect(records.size).toBeGreaterThan(3);
      const [at = "", first] = [...records][0] ?? [];
      const update = () => store.update(at, session({ data: "y".repeat(60_000) }), first?.version ?? "");
      await expect(update()).rejects.toMatchObject(failure);
      for (const [one, record] of records) expect(await store.read(one)).toEqual(record);
      expect((await everything(directory)).filter((name) => name.includes("t-"))).toEqual([]);
      const later = await openStore(directory, { now: () => Date.now() + 62_000 });
      expect(await later.gc()).toBe(records.size);
      await create();
    });
  });

  test("that is read-only: what is there is read, writes fail", async () => {
    await mounted("mode=700", async (directory) => {
      const store = await openStore(directory);
      const [at, record] = [key(), session()];
      await store.create(at, record);
      execFileSync("mount", ["-o", "remount,ro", directory]);
      expect(await store.read(at)).toEqual(record);
      await expect(store.update(at, session(), record.version)).rejects.toMatchObject(failure);
      await expect(store.touch(at, record.expiresAt + 1, record.version)).rejects.toMatchObject(failure);
      await expect(store.create(key(), session())).rejects.toMatchObject({ ...failure, cause: { code: "EROFS" } });
      await expect(openStore(directory)).rejects.toMatchObject(failure);
    });
  });
});

test("a directory without the right to write fails as it is opened", async () => {
  const directory = join(await newDirectory(), "sessions");
  await mkdir(directory, { mode: 0o500 });
  if (isRoot) {
    await chown(directory, 65_534, 65_534);
    await chmod(join(directory, ".."), 0o755);
    process.seteuid?.(65_534);
  }
  try {
    await expect(openStore(directory)).rejects.toMatchObject({ ...failure, cause: { code: "EACCES" } });
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
