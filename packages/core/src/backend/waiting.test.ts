import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { limits } from "../limits.js";
import { createManager } from "../manager/create-manager.js";
import { memory } from "../memory/memory.js";
import type { Provider, StoreConnector } from "../provider.js";

// A store that stands still: what waits for it is bounded in number, and each that waits holds little.

/** Memory whose updates wait until they are let go. */
class Still implements StoreConnector {
  readonly kind = "store";
  readonly name = "memory";
  #go: () => void = () => {};
  readonly #gone = new Promise<void>((resolve) => {
    this.#go = resolve;
  });

  async connect(...[context]: Parameters<StoreConnector["connect"]>): Promise<Provider> {
    const inner = await memory().connect(context);
    return {
      read: (key) => inner.read(key),
      create: (key, record) => inner.create(key, record),
      update: (key, record, expected) => this.#gone.then(() => inner.update(key, record, expected)),
      touch: (key, expiresAt, expected) => inner.touch(key, expiresAt, expected),
      count: () => inner.count(),
      gc: () => inner.gc(),
      close: () => inner.close(),
    };
  }

  letGo(): void {
    this.#go();
  }
}

test("ten thousand writes may wait; one more is refused at once, and so is a read; those that wait are done", {
  timeout: 60_000,
}, async () => {
  const store = new Still();
  const manager = await createManager(store);
  const id = await stored(manager);
  const others = await Promise.all(Array.from({ length: limits.waiting / 2 }, () => stored(manager)));
  const late = await visit(manager, id);
  const writing = others.map(async (each) => {
    const session = await visit(manager, each);
    session.set("n", 1);
    await session.release();
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  late.set("n", 1);
  for (const asked of [late.release(), late.regenerate(), late.destroy(), manager.load(id), visit(manager, id)]) {
    await expect(asked).rejects.toMatchObject({ code: "SESS_UNAVAILABLE", message: /too much is waiting/ });
  }
  store.letGo();
  expect(await codeOf(Promise.all(writing))).toBe("accepted");
  expect(await codeOf(late.release())).toBe("accepted");
  expect((await manager.load(id))?.get("n")).toBe(1);
});

test("a write that waits holds less than 16 KB, its session included", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const held = async () => {
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    return process.memoryUsage().heapUsed;
  };
  const stage = new Stage();
  const manager = await stage.manager();
  const count = 1000;
  const ids = await Promise.all(Array.from({ length: count }, () => stored(manager, { user: "ada", cart: [1, 2, 3] })));
  const calls = ids.map(() => stage.hold("update"));
  const before = await held();
  const writing = ids.map(async (id) => {
    const session = await manager.load(id);
    session?.set("user", "bob");
    await session?.release();
  });
  await Promise.all(calls.map((call) => call.reached));
  const each = ((await held()) - before) / count;
  expect(each).toBeLessThan(16_000);
  for (const call of calls) void call.proceed();
  await Promise.all(writing);
});
