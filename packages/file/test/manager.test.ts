import { createManager, type StoreConnector } from "@sess/core";
import "@sess/file";
import { expect, test } from "vitest";
import { type Disk, disk } from "../src/disk.js";
import { key, openStore, scratch, session } from "./support.js";
import { visit } from "./visit.js";

const newDirectory = scratch();

/** A connector that counts calls to the file system. */
function counting(directory: string): { readonly connector: StoreConnector; take(): string[] } {
  let calls: string[] = [];
  const counted = new Proxy<Disk>(disk, {
    get(target, method: keyof Disk) {
      const original: (...args: never[]) => unknown = target[method];
      return (...args: never[]) => {
        calls.push(method);
        return original(...args);
      };
    },
  });
  const all: Partial<Disk> = Object.fromEntries(
    Object.keys(disk).map((method) => [method, Reflect.get(counted, method)]),
  );
  return {
    connector: {
      kind: "store",
      name: "file",
      connect: (context) => openStore(directory, { now: () => context.now(), disk: all }),
    },
    take: () => {
      const taken = calls;
      calls = [];
      return taken.sort();
    },
  };
}

test("the seed's snippet, and what was stored survives a restart", async () => {
  const directory = await newDirectory();
  const json = JSON.stringify({ cookieName: "sessionid", gclifetime: 3600, ProviderConfig: directory });
  const before = await createManager("file", json);
  const session = await visit(before);
  session.set("username", "ada");
  await session.release();
  await before.close();
  const after = await createManager("file", { cookieName: "sessionid", providerConfig: { directory } });
  expect((await visit(after, session.id)).get("username")).toBe("ada");
  expect(await after.count()).toBe(1);
  await after.close();
});

test("calls to the file system for each request", async () => {
  const { connector, take } = counting(await newDirectory());
  const sessions = await createManager(connector);
  const first = await visit(sessions);
  expect(take()).toEqual([]);
  first.set("n", 1);
  await first.release();
  // The fan is new.
  expect(take()).toHaveLength(11);
  await visit(sessions, first.id);
  // list, and stat of the root, at the same time; then resolve and openToRead at the same time; read; close.
  expect(take()).toEqual(["close", "list", "openToRead", "read", "resolve", "stat"]);
  const again = await visit(sessions, first.id);
  take();
  again.set("n", 2);
  await again.release();
  expect(take()).toEqual(["close", "list", "openNew", "rename", "resolve", "stat", "unlink", "write"]);
  // A stale cookie: one listing that fails, and a look at whether the whole directory has gone.
  await visit(sessions, "x".repeat(43));
  expect(take()).toEqual(["list", "stat"]);
  await visit(sessions, "malformed");
  expect(take()).toEqual([]);
  const [store, at, record] = [await connector.connect({ now: Date.now, contract: 1 }), key(), session()];
  await store.create(at, record);
  take();
  await store.touch(at, record.expiresAt + 1, record.version);
  expect(take()).toEqual(["list", "rename", "resolve", "stat"]);
  await store.touch(at, record.expiresAt, record.version);
  expect(take()).toEqual(["list", "stat"]);
  await sessions.close();
});

test("no update is lost among many at once by two managers, and more files than may be open at a time are read", async () => {
  const directory = await newDirectory();
  const managers = await Promise.all([1, 2].map(() => createManager("file", { providerConfig: directory })));
  const [one, two] = managers;
  if (one === undefined || two === undefined) throw new Error("two managers");
  const session = await visit(one);
  session.set("n", 0);
  await session.release();
  const increment = (n: unknown) => Number(n) + 1;
  const work = managers.flatMap((manager) =>
    Array.from({ length: 100 }, async () => (await visit(manager, session.id)).update("n", increment)),
  );
  await Promise.all(work);
  expect((await visit(two, session.id)).get("n")).toBe(200);
  for (const manager of managers) await manager.close();
});
