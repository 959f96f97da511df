import { afterEach, beforeEach, test, vi } from "vitest";
import { StoppedStage } from "../../core/test-support/stores/stopped.js";
import { mysql } from "../src/provider.js";
import { type PrivateMysql, startMysql } from "./server.js";
import { adminPool, describeWithServer } from "./support.js";

describeWithServer("a MariaDB that answers nothing", () => {
  let server: PrivateMysql;
  let stage: StoppedStage;
  beforeEach(async () => {
    server = await startMysql();
    stage = await StoppedStage.open(mysql(server.url));
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
    const holder = await admin.getConnection();
    await stage.eachEndsInTime(() => holder.query("LOCK TABLES sessions WRITE"));
    holder.destroy();
    await admin.end();
  }, 60_000);

  test("the global read lock that a backup takes: nobody waits longer, and when it is gone everything goes on", async () => {
    const admin = adminPool(server.url);
    const holder = await admin.getConnection();
    await stage.goesOn(
      () => holder.query("FLUSH TABLES WITH READ LOCK"),
      () => holder.query("UNLOCK TABLES"),
    );
    holder.destroy();
    await admin.end();
  }, 60_000);

  test("and if the server continues within that time, everything is done", async () => {
    await stage.goesOn(
      () => server.pause(),
      () => server.resume(),
    );
  }, 60_000);
});
