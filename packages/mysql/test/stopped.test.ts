import { test } from "vitest";
import { stoppedTests } from "../../core/test-support/stores/stopped.js";
import { mysql } from "../src/provider.js";
import { startMysql } from "./server.js";
import { adminPool, describeWithServer } from "./support.js";

describeWithServer("a MariaDB that answers nothing", () => {
  const { server, stage } = stoppedTests(startMysql, ({ url }) => mysql(url));

  test("a lock on the whole table: the same", async () => {
    const admin = adminPool(server().url);
    const holder = await admin.getConnection();
    await stage().eachEndsInTime(() => holder.query("LOCK TABLES sessions WRITE"));
    holder.destroy();
    await admin.end();
  }, 60_000);

  test("the global read lock that a backup takes: nobody waits longer, and when it is gone everything goes on", async () => {
    const admin = adminPool(server().url);
    const holder = await admin.getConnection();
    await stage().goesOn(
      () => holder.query("FLUSH TABLES WITH READ LOCK"),
      () => holder.query("UNLOCK TABLES"),
    );
    holder.destroy();
    await admin.end();
  }, 60_000);
});
