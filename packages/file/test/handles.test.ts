import { mkdir, readdir, readlink, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileStore } from "../src/store.js";
import { openStore, randomHex, scratch, session, stoppedAt } from "./support.js";

const newDirectory = scratch();
const onLinux = process.platform === "linux";

/** What this process has open below a directory. */
async function opened(directory: string): Promise<string[]> {
  const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  return (await Promise.all(links)).filter((path) => path.startsWith(directory));
}

/** Many keys in one fan: more than a walk looks at together. */
async function crowd(store: FileStore, expiresAt = Date.now() + 600_000): Promise<void> {
  const record = session({ owner: "owner", expiresAt });
  for (let made = 0; made < 40; made += 1) await store.create(`ab${randomHex(31)}`, record);
}

test.skipIf(!onLinux).each<[string, (store: FileStore, directory: string) => Promise<unknown>]>([
  [
    "a listing that is left early",
    async (store) => {
      for await (const _ of store.keysOf("owner")) break;
      for await (const _ of store.keys()) break;
    },
  ],
  [
    "a listing that nobody goes on with",
    async (store) => {
      await store.keys().next();
      await store.keysOf("owner").next();
    },
  ],
  [
    "a listing whose directory is moved away",
    async (store, directory) => {
      const keys = store.keys();
      await keys.next();
      await rename(directory, `${directory}-moved`);
      const goOn = async () => {
        for await (const _ of keys);
      };
      await expect(goOn()).rejects.toMatchObject({ code: "SESS_UNAVAILABLE" });
      await rename(`${directory}-moved`, directory);
    },
  ],
  [
    "a listing whose handle closes",
    async (store) => {
      const keys = store.keys();
      await keys.next();
      await store.close();
      await expect(keys.next()).rejects.toMatchObject({ code: "SESS_CLOSED" });
    },
  ],
])("%s leaves nothing open", async (_, walk) => {
  const directory = join(await newDirectory(), "sessions");
  const store = await openStore(directory);
  await crowd(store);
  await walk(store, directory);
  expect(await opened(directory)).toEqual([]);
});

test.skipIf(!onLinux).each<[string, (store: FileStore, directory: string) => Promise<unknown>]>([
  ["closes", async (store) => void store.close()], // That waits for what is under way.
  ["loses its directory", (_, directory) => rm(directory, { recursive: true }).then(() => mkdir(directory))],
])("gc whose handle %s leaves nothing open", async (_, end) => {
  const directory = join(await newDirectory(), "sessions");
  const { disk, gate } = stoppedAt("unlink");
  const now = Date.now() + 700_000;
  await crowd(await openStore(directory), Date.now() + 1);
  const store = await openStore(directory, { disk, now: () => now });
  const collecting = store.gc().catch((error: { code: string }) => error.code);
  await gate.reached;
  await end(store, directory);
  gate.open();
  await collecting;
  expect(await opened(directory)).toEqual([]);
});
