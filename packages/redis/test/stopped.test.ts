import { createManager, type StoreManager } from "@sess/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { redis } from "../src/provider.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

// A Redis that is stopped (SIGSTOP) accepts what is sent and answers nothing. Whatever is asked of a session has one bound
// then, that of core's README, however many ask at once and however often a command is sent again.

/** Milliseconds. */
const operation = 10_000;
const closing = 20_000;
/** What a timer and a busy machine add. */
const slack = 4000;

describeWithServer("a Redis that is stopped", () => {
  let server: PrivateRedis;
  let manager: StoreManager<{ n: number }>;
  let id: string;
  beforeEach(async () => {
    server = await startRedis();
    manager = await createManager(redis({ url: server.url }));
    const exchange = manager.begin(new Request("http://shop.test/"));
    const session = await exchange.session();
    session.set("n", 1);
    await exchange.respond(new Response());
    id = session.id;
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  }, 150_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.stop();
  });

  const load = async () => {
    const session = await manager.load(id);
    if (session === undefined) throw new Error("the session is there");
    return session;
  };
  /** What it came to, and after how long. */
  const timed = async (action: Promise<unknown>) => {
    const begun = performance.now();
    const code = await action.then(
      () => "done",
      (error: { code?: string }) => error.code,
    );
    return { code, ms: performance.now() - begun };
  };

  test("twelve new ids of one session, its changes, its end, and close: each within its one bound", async () => {
    const sessions = await Promise.all(Array.from({ length: 15 }, load));
    const [counting, saving, ending, ...moving] = sessions;
    saving?.set("n", 2);
    server.pause();
    const asked = [
      ...moving.map((session) => timed(session.regenerate())),
      timed(counting?.update("n", (n) => (n ?? 0) + 1) ?? Promise.resolve()),
      timed(saving?.release() ?? Promise.resolve()),
      timed(ending?.destroy() ?? Promise.resolve()),
      timed(manager.load(id)),
    ];
    expect(asked).toHaveLength(16);
    // Whatever is asked for has begun by then.
    await new Promise((resolve) => setImmediate(resolve));
    const closed = timed(manager.close());
    for (const { code, ms } of await Promise.all(asked)) {
      expect(code).toBe("SESS_UNAVAILABLE");
      expect(ms).toBeLessThan(operation + slack);
    }
    expect((await closed).ms).toBeLessThan(closing + slack);
  }, 60_000);

  test("and when it goes on within that, everything is done", async () => {
    const [one, two] = await Promise.all([load(), load()]);
    server.pause();
    const counted = [one, two].map((session) => timed(session.update("n", (n) => (n ?? 0) + 1)));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    server.resume();
    expect((await Promise.all(counted)).map(({ code }) => code)).toEqual(["done", "done"]);
    expect((await load()).get("n")).toBe(3);
    await manager.close();
  }, 60_000);
});
