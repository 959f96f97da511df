import type { PoolClient } from "pg";
import { afterEach, beforeEach, test, vi } from "vitest";
import { StoppedStage } from "../../core/test-support/stores/stopped.js";
import { postgres } from "../src/provider.js";
import { type PrivatePostgres, startPostgres } from "./server.js";
import { adminPool, describeWithServer } from "./support.js";

describeWithServer("a PostgreSQL that answers nothing", () => {
  let server: PrivatePostgres;
  let stage: StoppedStage;
  beforeEach(async () => {
    server = await startPostgres();
    stage = await StoppedStage.open(postgres({ url: server.url }));
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  }, 150_000);
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.stop();
  });

  test("stopped: twelve new ids of one session, its changes, its end, and close: each within its one bound", async () => {
    await stage.eachEndsInTime(() => server.pause());
  }, 60_000);

  test("a lock on the whole table: the same", async () => {
    const admin = adminPool(server.url);
    let holder: PoolClient | undefined;
    await stage.eachEndsInTime(async () => {
      holder = await admin.connect();
      await holder.query("BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
    });
    holder?.release(true);
    await admin.end();
  }, 60_000);

  test("and if the server continues within that time, everything is done", async () => {
    await stage.goesOn(
      () => server.pause(),
      () => server.resume(),
    );
  }, 60_000);
});
