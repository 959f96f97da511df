import { AsyncLocalStorage } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Stage, stored, visit } from "../../test-support/stage.js";
import { memory } from "../memory/memory.js";

// What is done for a request is done in its own context, and none outlives what it asked for.

test("an update's function runs where update was called, whoever's batch it is in and however often it runs", async () => {
  const requests = new AsyncLocalStorage<string>();
  const store = memory();
  const stage = new Stage(store);
  const [manager, other] = [await stage.manager(), await new Stage(store).manager()];
  const id = await stored(manager);
  const names = ["first", "second", "third", "fourth"];
  const sessions = await Promise.all(names.map(() => visit(manager, id)));
  const heard: unknown[] = [];
  const held = stage.hold("update");
  const again = stage.hold("update");
  const updates = names.map((name, index) =>
    requests.run(name, () =>
      sessions[index]?.update("n", () => {
        heard.push([name, requests.getStore()]);
        return index;
      }),
    ),
  );
  await held.reached;
  await held.proceed();
  await again.reached;
  // Another process was faster: the batch of the three is refused, and their functions run once more.
  await (await visit(other, id)).update("n", () => 7);
  await again.proceed();
  await Promise.all(updates);
  expect(heard).toEqual([...names, ...names.slice(1)].map((name) => [name, name]));
});

test("calls to the provider run in the context of the caller", async () => {
  const requests = new AsyncLocalStorage<string>();
  const stage = new Stage();
  const manager = await stage.manager();
  const id = await stored(manager);
  const [first, second] = [await visit(manager, id), await visit(manager, id)];
  const heard: unknown[] = [];
  stage.lossy = () => {
    heard.push(requests.getStore());
    return false;
  };
  const held = stage.hold("update");
  const both = [
    requests.run("first", () => first.update("n", () => 1)),
    requests.run("second", () => second.destroy()),
  ];
  await held.reached;
  await held.proceed();
  await Promise.all(both);
  expect(heard).toEqual(["second"]);
});

test("a queue that is never empty keeps no context of those who are done", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const requests = new AsyncLocalStorage<object>();
  const stage = new Stage();
  const manager = await stage.manager();
  const id = await stored(manager);
  const context = await (async () => {
    const first = await visit(manager, id);
    const held = stage.hold("update");
    const request = { request: "first" };
    const updating = requests.run(request, () => first.update("n", () => 1));
    await held.reached;
    const next = stage.hold("update");
    const waiting = (await visit(manager, id)).update("n", () => 2);
    await held.proceed();
    await updating;
    await next.reached;
    return { request: new WeakRef(request), next, waiting };
  })();
  for (let round = 0; round < 10 && context.request.deref() !== undefined; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(context.request.deref()).toBe(undefined);
  await context.next.proceed();
  await context.waiting;
});
