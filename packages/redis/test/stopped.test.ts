import { afterEach, beforeEach, test, vi } from "vitest";
import { StoppedStage } from "../../core/test-support/stores/stopped.js";
import { redis } from "../src/provider.js";
import { type PrivateRedis, startRedis } from "./server.js";
import { describeWithServer } from "./support.js";

// A Redis that is stopped (SIGSTOP) accepts what is sent and answers nothing.
describeWithServer("a Redis that is stopped", () => {
  let server: PrivateRedis;
  let stage: StoppedStage;
  beforeEach(async () => {
    server = await startRedis();
    stage = await StoppedStage.open(redis({ url: server.url }));
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  }, 150_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.stop();
  });

  test("twelve new ids of one session, its changes, its end, and close: each within its one bound", async () => {
    await stage.eachEndsInTime(() => server.pause());
  }, 60_000);

  test("and if the server continues within that time, everything is done", async () => {
    await stage.goesOn(
      () => server.pause(),
      () => server.resume(),
    );
  }, 60_000);
});
