import { afterEach, expect, test } from "vitest";
import { codeOf, Stage } from "../../test-support/stage.js";
import type { StoreConnector } from "../provider.js";
import type { SessionData } from "../session/session-store.js";
import { createManager } from "./create-manager.js";
import type { Manager } from "./manager.js";

const opened: Manager<SessionData>[] = [];
afterEach(async () => {
  for (const manager of opened.splice(0)) await manager.close();
});

async function managed(...[config]: [Parameters<Stage["manager"]>[0]]): Promise<Manager<SessionData>> {
  const manager = await new Stage().manager(config);
  opened.push(manager);
  return manager;
}

test("one Manager for a name and its options, however often and at the same time it is asked for", async () => {
  const config = { global: "shop", maxLifetime: 60 };
  const [first, second] = await Promise.all([managed(config), managed({ ...config })]);
  expect(second).toBe(first);
  expect(await managed(config)).toBe(first);
  expect(await managed({ maxLifetime: 60 })).not.toBe(first);
});

test("another name, another option, another provider: another Manager", async () => {
  const stage = new Stage();
  const other: StoreConnector = { kind: "store", name: "other", connect: (context) => stage.connect(context) };
  const all = [
    await managed({ global: "shop" }),
    await managed({ global: "admin" }),
    await managed({ global: "shop", cookieName: "admin" }),
    await createManager(other, { global: "shop" }),
  ];
  opened.push(...all);
  expect(new Set(all).size).toBe(4);
});

test("a closed one is made anew; one that could not be made too", async () => {
  const first = await managed({ global: "shop" });
  await first.close();
  const second = await managed({ global: "shop" });
  expect(second).not.toBe(first);
  await second.handle(new Request("http://a.test/"), () => new Response());

  const failing: StoreConnector = { kind: "store", name: "failing", connect: () => Promise.reject(new Error("down")) };
  const asked = () => createManager(failing, { global: "shop" });
  expect(await Promise.all([codeOf(asked()), codeOf(asked())])).toEqual(["no code: down", "no code: down"]);
  const { connect } = new Stage();
  const works = { ...failing, connect: connect.bind(new Stage()) };
  opened.push(await createManager(works, { global: "shop" }));
});

test("nothing of the configuration can be read from the list", async () => {
  const url = "redis://:secret@127.0.0.1";
  const connector: StoreConnector = {
    kind: "store",
    name: "listed",
    connect: (context) => new Stage().connect(context),
  };
  opened.push(await createManager(connector, { global: "shop", namespace: url }));
  const list = Reflect.get(globalThis, Symbol.for("@sess/core/managers/1")) as Map<string, unknown>;
  expect([...list.keys()].join()).not.toContain("secret");
});
