import { expect, test } from "vitest";
import { killing } from "../../../torture/killing.js";
import { mysql } from "../src/provider.js";
import { startMysql } from "./server.js";
import { describeWithServer } from "./support.js";

/** The short form of what packages/mysql/torture does at length. */
describeWithServer("a server that is killed", () => {
  test("kill -9 in the middle of saves, twice: nothing acknowledged is lost, and saves go on by themselves", async () => {
    const server = await startMysql("--innodb-flush-log-at-trx-commit=1");
    const result = await killing(server, mysql({ dsn: server.url, poolSize: 8 }), 2);
    expect(result).toMatchObject({ rounds: 2, strange: [], lost: 0, surplus: 0, resurrected: 0 });
    expect(result.slowestRecovery).toBeLessThan(15_000);
  });
});
