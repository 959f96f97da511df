import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Child } from "./child-process.js";
import { key, marker, openStore, session } from "./support.js";

const written = { written: true };

describe("gc in one process, writers in another", { timeout: 30_000 }, () => {
  let directory: string;
  let ahead: Child;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "sess-file-"));
    ahead = await Child.start(directory, 61_000);
  });
  afterAll(async () => {
    await ahead.kill();
    await rm(directory, { recursive: true });
  });

  /** A record that has expired by both clocks, and a minute ago by that of the child. */
  const expired = async () => {
    const [at, early] = [key(), await openStore(directory, { now: () => 0 })];
    await early.create(at, session({ expiresAt: Date.now() - 10 }));
    return at;
  };

  test.each(["unlink", "removeDirectory"])(
    "gc stopped before %s takes nothing of what is created meanwhile",
    async (step) => {
      const [at, next, here] = [await expired(), session(), await openStore(directory)];
      await ahead.stopAt(step, "gc");
      expect(await here.create(at, next)).toBe(true);
      await ahead.go();
      expect(await here.read(at)).toEqual(next);
      expect(await here.update(at, marker(), next.version)).toEqual(written);
    },
  );

  test("a record that was renewed after gc had looked at it stays", async () => {
    const at = key();
    const behind = await openStore(directory, { now: () => Date.now() - 60_000 });
    const record = session({ expiresAt: Date.now() - 10 });
    await behind.create(at, record);
    await ahead.stopAt("unlink", "gc");
    expect(await behind.touch(at, Date.now() + 600_000, record.version)).toBe(true);
    expect(await ahead.go()).toBe(0);
    expect((await behind.read(at))?.data).toBe(record.data);
  });

  test("a gc that was killed between label and directory leaves a free key and nothing that stays", async () => {
    const [at, here, victim] = [await expired(), await openStore(directory), await Child.start(directory, 61_000)];
    await victim.stopAt("removeDirectory", "gc");
    await victim.kill();
    const other = await expired();
    const second = await Child.start(directory, 61_000);
    await second.stopAt("removeDirectory", "gc");
    await second.kill();
    for (const free of [at, other]) {
      expect(await here.read(free)).toBeUndefined();
      expect(await here.create(free, session())).toBe(true);
    }
  });
});
