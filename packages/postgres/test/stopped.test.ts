import type { PoolClient } from "pg";
import { test } from "vitest";
import { stoppedTests } from "../../core/test-support/stores/stopped.js";
import { postgres } from "../src/provider.js";
import { startPostgres } from "./server.js";
import { adminPool, describeWithServer } from "./support.js";

describeWithServer("a PostgreSQL that answers nothing", () => {
  const { server, stage } = stoppedTests(startPostgres, ({ url }) => postgres({ url }));

  test("a lock on the whole table: the same", async () => {
    const admin = adminPool(server().url);
    let holder: PoolClient | undefined;
    await stage().eachEndsInTime(async () => {
      holder = await admin.connect();
      await holder.query("BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
    });
    holder?.release(true);
    await admin.end();
  }, 60_000);
});
