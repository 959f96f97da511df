import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { codeOf, Stage, stored, visit } from "../../test-support/stage.js";
import { sessionKey } from "../ids.js";
import type { StoreCallEvent } from "./store-trace.js";

// What a tracer is told of each call to the store, and that it is told nothing else.

type Name = "start" | "end" | "asyncStart" | "asyncEnd" | "error";

const channel = tracingChannel<string, StoreCallEvent>("sess:store");
const undo: (() => void)[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const each of undo.splice(0)) each();
});

/** What is told from now on. Each entry is a copy: the event is one object, filled in as the call goes on. */
function listen() {
  const told: [Name, StoreCallEvent][] = [];
  const on = (name: Name) => (event: StoreCallEvent) => void told.push([name, { ...event }]);
  const all = {
    start: on("start"),
    end: on("end"),
    asyncStart: on("asyncStart"),
    asyncEnd: on("asyncEnd"),
    error: on("error"),
  };
  channel.subscribe(all);
  undo.push(() => channel.unsubscribe(all));
  return told;
}

function outcomes(told: readonly [Name, StoreCallEvent][]) {
  return told
    .filter(([name]) => name === "asyncEnd")
    .map(([, { operation, outcome }]) => [operation, outcome] as const);
}

describe("sess:store", () => {
  test("each call is told from its beginning to its end, with the provider and what it was", async () => {
    const told = listen();
    const manager = await new Stage().manager({ namespace: "shop" });
    await stored(manager);
    const about = { provider: "memory", namespace: "shop", operation: "create" };
    expect(told).toEqual([
      ["start", about],
      ["end", about],
      ["asyncStart", { ...about, outcome: "ok" }],
      ["asyncEnd", { ...about, outcome: "ok" }],
    ]);
  });

  test("of everything that is asked of a store: the operation and how it ended", async () => {
    const stage = new Stage();
    const [manager, other] = [await stage.manager(), await stage.manager()];
    const session = await visit(manager, await stored(manager));
    session.owner = "ada";
    await session.release();
    const told = listen();
    const late = await visit(other, session.id);
    await session.update("n", () => 1);
    await late.update("n", () => 2);
    await manager.listOwned("ada");
    await manager.count();
    await manager.gc();
    expect(outcomes(told)).toEqual([
      ["read", "ok"],
      ["update", "ok"],
      ["update", "refused"],
      ["update", "ok"],
      ["keysOf", "ok"],
      ["keysOf", "ok"],
      ["read", "ok"],
      ["keysOf", "ok"],
      ["count", "ok"],
      ["gc", "ok"],
    ]);
  });

  test("a failure is told, with a code and without what the provider said; so is silence", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const stage = new Stage();
    const manager = await stage.manager();
    const id = await stored(manager);
    const told = listen();
    stage.down = true;
    expect(await codeOf(visit(manager, id))).toBe("SESS_UNAVAILABLE");
    stage.down = false;
    stage.hold("read");
    const silent = codeOf(visit(manager, id));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await silent).toBe("SESS_UNAVAILABLE");
    expect(told.map(([name]) => name)).toEqual([
      "start",
      "end",
      "error",
      "asyncStart",
      "asyncEnd",
      "start",
      "end",
      "error",
      "asyncStart",
      "asyncEnd",
    ]);
    expect(outcomes(told)).toEqual([
      ["read", "failed"],
      ["read", "timeout"],
    ]);
    const error = told[2]?.[1].error;
    expect([error?.code, error?.message, error?.cause]).toEqual([
      "SESS_UNAVAILABLE",
      "the session store failed to read",
      undefined,
    ]);
  });

  test("no event holds an id, a key, an owner, a field's name or a value", async () => {
    const told: unknown[] = [];
    const hear = (event: unknown) => void told.push(event);
    const all = { start: hear, end: hear, asyncStart: hear, asyncEnd: hear, error: hear };
    channel.subscribe(all as never);
    undo.push(() => channel.unsubscribe(all as never));
    const stage = new Stage();
    const manager = await stage.manager();
    const session = await visit(manager, await stored(manager, { secretField: "swordfish" }));
    session.owner = "ada";
    await session.release();
    await manager.listOwned("ada");
    stage.down = true;
    await codeOf(visit(manager, session.id));
    const shown = inspect(told, { depth: 20, showHidden: true, maxArrayLength: null });
    expect(told.length).toBeGreaterThan(20);
    for (const secret of [session.id, sessionKey("sessionid", session.id), "ada", "secretField", "swordfish"]) {
      expect(shown).not.toContain(secret);
    }
  });

  test("a context that is bound to the start holds while the provider is called, and ends with it", async () => {
    const spans = new AsyncLocalStorage<string>();
    const stage = new Stage();
    const seen: (string | undefined)[] = [];
    stage.lossy = () => {
      seen.push(spans.getStore());
      return false;
    };
    channel.start.bindStore(spans, ({ operation }) => `span of ${operation}`);
    undo.push(() => channel.start.unbindStore(spans));
    const manager = await stage.manager();
    await spans.run("request", async () => {
      await stored(manager);
      seen.push(spans.getStore());
    });
    expect(seen).toEqual(["span of create", "request"]);
  });

  test("without a subscriber nothing is made for it", async () => {
    const manager = await new Stage().manager();
    const run = vi.spyOn(channel.start, "runStores");
    undo.push(() => run.mockRestore());
    await stored(manager);
    expect(run).not.toHaveBeenCalled();
  });
});
