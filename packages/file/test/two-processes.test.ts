import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileStore } from "../src/store.js";
import { Child } from "./child-process.js";
import { everything, key, marker, openStore, session } from "./support.js";

const written = { written: true };
/** The points of an update at which a process can die, by the call to the file system that comes next. */
const updateSteps = ["list", "resolve", "openNew", "write", "close", "rename", "unlink"];
const createSteps = ["resolve", "makeDirectory", "openNew", "write", "close", "rename"];

describe("two processes on one directory", { timeout: 30_000 }, () => {
  let directory: string;
  let child: Child;
  let here: FileStore;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "sess-file-"));
    here = await openStore(directory);
    child = await Child.start(directory);
  });
  afterAll(async () => {
    await child.kill();
    await rm(directory, { recursive: true });
  });

  const stored = async (start = session()) => {
    const at = key();
    expect(await here.create(at, start)).toBe(true);
    return { at, start };
  };

  test.each(updateSteps.slice(0, -1))("update stopped before %s, overtaken by an update: refused", async (step) => {
    const { at, start } = await stored();
    const [slow, fast] = [session(), session()];
    await child.stopAt(step, "update", at, slow, start.version);
    expect(await here.update(at, fast, start.version)).toEqual(written);
    expect(await child.go()).toMatchObject({ written: false, current: { version: fast.version } });
    expect((await here.read(at))?.data).toBe(fast.data);
  });

  test.each(updateSteps.slice(0, -1))(
    "update stopped before %s, overtaken by a logout: refused by the marker",
    async (step) => {
      const { at, start } = await stored();
      const out = marker();
      await child.stopAt(step, "update", at, session(), start.version);
      expect(await here.update(at, out, start.version)).toEqual(written);
      expect(await child.go()).toMatchObject({ written: false, current: { retired: "", version: out.version } });
      expect(await here.read(at)).toEqual(out);
    },
  );

  test("update stopped after its rename is seen at once, and what came on top of it stays", async () => {
    const { at, start } = await stored();
    const [slow, fast] = [session(), session()];
    await child.stopAt("unlink", "update", at, slow, start.version);
    expect((await here.read(at))?.data).toBe(slow.data);
    expect(await here.update(at, fast, slow.version)).toEqual(written);
    expect(await child.go()).toEqual(written);
    expect((await here.read(at))?.data).toBe(fast.data);
  });

  test.each(["list", "resolve", "rename"])("touch stopped before %s, overtaken by a logout: false", async (step) => {
    const { at, start } = await stored();
    const out = marker();
    await child.stopAt(step, "touch", at, start.expiresAt + 60_000, start.version);
    await here.update(at, out, start.version);
    expect(await child.go()).toBe(false);
    expect(await here.read(at)).toEqual(out);
  });

  test("of two touches the later expiry stays, whichever ends first", async () => {
    const { at, start } = await stored();
    await child.stopAt("rename", "touch", at, start.expiresAt + 1000, start.version);
    expect(await here.touch(at, start.expiresAt + 2000, start.version)).toBe(true);
    expect(await child.go()).toBe(true);
    expect((await here.read(at))?.expiresAt).toBe(start.expiresAt + 2000);
  });

  test("update stopped before its rename keeps the expiry of a touch that came in between", async () => {
    const { at, start } = await stored();
    const next = session({ expiresAt: start.expiresAt });
    await child.stopAt("rename", "update", at, next, start.version);
    expect(await here.touch(at, start.expiresAt + 5000, start.version)).toBe(true);
    expect(await child.go()).toEqual(written);
    expect(await here.read(at)).toEqual({ ...next, expiresAt: start.expiresAt + 5000 });
  });

  test.each(createSteps)("create stopped before %s, overtaken by a create: false", async (step) => {
    const [at, fast] = [key(), session()];
    await child.stopAt(step, "create", at, session());
    expect(await here.create(at, fast)).toBe(true);
    expect(await child.go()).toBe(false);
    expect(await here.read(at)).toEqual(fast);
  });

  test("read stopped between label and body gives the record that replaced it", async () => {
    const { at, start } = await stored();
    const next = session();
    await child.stopAt("openToRead", "read", at);
    await here.update(at, next, start.version);
    expect(await child.go()).toMatchObject({ version: next.version });
  });

  test("a slow writer whose body gc took begins again: its answer is right, and the record whole", async () => {
    const { at, start } = await stored();
    const next = session();
    await child.stopAt("rename", "update", at, next, start.version);
    await age(directory, at);
    const orphan = (await everything(directory)).find((name) => name.includes(at) && name.includes("/b-"));
    expect(orphan).toBeDefined();
    await here.gc();
    expect(
      (await everything(join(directory, at.slice(0, 2), at))).filter((name) => name.startsWith("b-")),
    ).toHaveLength(1);
    expect((await here.read(at))?.data).toBe(start.data);
    expect(await child.go()).toEqual(written);
    expect((await here.read(at))?.data).toBe(next.data);
  });

  test("a slow create whose directory gc took fails, and can be sent again", async () => {
    const [at, record] = [key(), session()];
    await child.stopAt("rename", "create", at, record);
    const fan = join(directory, at.slice(0, 2));
    const temporary = (await everything(fan)).find((name) => /^t-[0-9a-f]+$/.test(name)) ?? "";
    await utimes(join(fan, temporary), 1, 1);
    await here.gc();
    expect(await child.go()).toBe("SESS_UNAVAILABLE");
    expect(await here.read(at)).toBeUndefined();
    expect(await child.call("create", at, record)).toBe(true);
    expect(await here.read(at)).toEqual(record);
  });

  test.each(updateSteps)("killed in an update before %s: whole, and the next writer does not wait", async (step) => {
    const victim = await Child.start(directory);
    const { at, start } = await stored();
    const [lost, next] = [session(), session()];
    await victim.stopAt(step, "update", at, lost, start.version);
    await victim.kill();
    const expected = step === "unlink" ? lost : start;
    expect((await here.read(at))?.data).toBe(expected.data);
    const before = performance.now();
    expect(await here.update(at, next, expected.version)).toEqual(written);
    expect(performance.now() - before).toBeLessThan(1000);
    expect((await here.read(at))?.data).toBe(next.data);
  });

  test.each(createSteps)("killed in a create before %s: the key is free, and gc takes what is left", async (step) => {
    const victim = await Child.start(directory);
    const [at, record] = [key(), session()];
    await victim.stopAt(step, "create", at, session());
    await victim.kill();
    expect(await here.read(at)).toBeUndefined();
    expect(await here.create(at, record)).toBe(true);
    for (const name of await everything(directory)) {
      if (/^..\/t-[0-9a-f]+$/.test(name)) await utimes(join(directory, name), 1, 1);
    }
    await here.gc();
    expect((await everything(directory)).filter((name) => name.includes("t-"))).toEqual([]);
    expect(await here.read(at)).toEqual(record);
  });
});

/** Makes whatever the key's directory holds an hour old. */
async function age(directory: string, at: string): Promise<void> {
  const slot = join(directory, at.slice(0, 2), at);
  const then = Date.now() / 1000 - 3600;
  for (const name of await everything(slot)) await utimes(join(slot, name), then, then);
}
