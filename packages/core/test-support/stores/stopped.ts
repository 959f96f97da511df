import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createManager, type StoreConnector, type StoreManager } from "../../src/index.js";

// Whatever is asked of a session has one bound, that of core's README, however many ask at once and however often
// something is sent again.

/** Milliseconds. */
const operation = 10_000;
const closing = 20_000;
/** What a timer and a busy machine add. */
const slack = 4000;

interface Fields {
  n: number;
}

/** What it came to, and after how long. */
async function timed(action: Promise<unknown>): Promise<{ readonly code: unknown; readonly ms: number }> {
  const begun = performance.now();
  const code = await action.then(
    () => "done",
    (error: { code?: string }) => error.code,
  );
  return { code, ms: performance.now() - begun };
}

/** A Manager over a server that can be stopped, and a session in it. */
export class StoppedStage {
  private constructor(
    readonly manager: StoreManager<Fields>,
    readonly id: string,
  ) {}

  static async open(connector: StoreConnector): Promise<StoppedStage> {
    const manager = await createManager<Fields>(connector);
    const exchange = manager.begin(new Request("http://shop.test/"));
    const session = await exchange.session();
    session.set("n", 1);
    await exchange.respond(new Response());
    return new StoppedStage(manager, session.id);
  }

  async load() {
    const session = await this.manager.load(this.id);
    if (session === undefined) throw new Error("the session is there");
    return session;
  }

  /** Each way of using the session, twelve new ids among them, and closing: each ends within its one bound. */
  async eachEndsInTime(stop: () => unknown): Promise<void> {
    const sessions = await Promise.all(Array.from({ length: 15 }, () => this.load()));
    const [counting, saving, ending, ...moving] = sessions;
    saving?.set("n", 2);
    await stop();
    const asked = [
      ...moving.map((session) => timed(session.regenerate())),
      timed(counting?.update("n", (n) => (n ?? 0) + 1) ?? Promise.resolve()),
      timed(saving?.release() ?? Promise.resolve()),
      timed(ending?.destroy() ?? Promise.resolve()),
      timed(this.manager.load(this.id)),
    ];
    expect(asked).toHaveLength(16);
    // Whatever is asked for has begun by then.
    await new Promise((resolve) => setImmediate(resolve));
    const closed = timed(this.manager.close());
    for (const { code, ms } of await Promise.all(asked)) {
      expect(code).toBe("SESS_UNAVAILABLE");
      expect(ms).toBeLessThan(operation + slack);
    }
    expect((await closed).ms).toBeLessThan(closing + slack);
  }

  /** Two increments that are under way while the server is stopped for a second: both are done, once. */
  async goesOn(stop: () => unknown, resume: () => unknown): Promise<void> {
    const [one, two] = await Promise.all([this.load(), this.load()]);
    await stop();
    const counted = [one, two].map((session) => timed(session.update("n", (n) => (n ?? 0) + 1)));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await resume();
    expect((await Promise.all(counted)).map(({ code }) => code)).toEqual(["done", "done"]);
    expect((await this.load()).get("n")).toBe(3);
    await this.manager.close();
  }
}

/** A server of a test's own that can stop answering. */
export interface Stoppable {
  pause(): unknown;
  resume(): unknown;
  stop(): Promise<unknown>;
}

/** Registers the tests of a store that stops answering. Returns what the tests of one kind of server need besides. */
export function stoppedTests<S extends Stoppable>(start: () => Promise<S>, connector: (server: S) => StoreConnector) {
  let server: S;
  let stage: StoppedStage;
  beforeEach(async () => {
    server = await start();
    stage = await StoppedStage.open(connector(server));
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  }, 150_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    // Processes that stand still do not notice that their server has gone, and would be waited for.
    await server.resume();
    await server.stop();
  });

  test("stopped: twelve new ids of one session, its changes, its end, and close: each within its one bound", async () => {
    await stage.eachEndsInTime(() => server.pause());
  }, 60_000);

  test("and if the server continues within that time, everything is done", async () => {
    await stage.goesOn(
      () => server.pause(),
      () => server.resume(),
    );
  }, 60_000);

  return { server: () => server, stage: () => stage };
}
