import { expect, test } from "vitest";
import { outageTests } from "../../core/test-support/stores/sql-outage.js";
import { freePort } from "./server.js";
import { subject } from "./subject.js";
import { describeWithServer, newKey, newRecord } from "./support.js";

const unavailable = { code: "SESS_UNAVAILABLE" };
const refuses = /the server refused the user/;

describeWithServer("a server that is down, hangs or refuses", () => {
  const { admin, clock, open, seeded } = outageTests({
    ...subject,
    freePort,
    queueIsFull: /too many/,
    nobodyListens: "postgres: a statement failed or was not answered in time",
    createAda: async (admin) => {
      await admin.query("CREATE ROLE ada LOGIN PASSWORD 'hunter2'");
      await admin.query("ALTER SYSTEM SET password_encryption = 'scram-sha-256'");
    },
    // The server trusts everybody of this host: a wrong password is for `connect.test.ts`.
    refused: [
      [{ user: "eve" }, refuses],
      [{ database: "nowhere" }, refuses],
      [{ user: "ada", schema: "none" }, refuses],
    ],
    writer: {},
    readOnly: async (admin, on) => {
      await admin.query(`ALTER SYSTEM ${on ? "SET" : "RESET"} default_transaction_read_only${on ? " = on" : ""}`);
      await admin.query("SELECT pg_reload_conf(), pg_sleep(0.2)");
    },
    readOnlyCause: { code: "25006" },
  });

  test("a write that no synchronous standby has is never acknowledged, however long it waits", async () => {
    const store = await open();
    const { key, record } = await seeded(store);
    await admin().query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await admin().query("SELECT pg_reload_conf(), pg_sleep(0.2)");
    await expect(store.create(newKey(), record)).rejects.toMatchObject(unavailable);
    await expect(store.update(key, newRecord(clock.now()), record.version)).rejects.toMatchObject(unavailable);
    expect(await store.read(key)).toEqual(record);
    await admin().query("ALTER SYSTEM RESET synchronous_standby_names");
    await admin().query("SELECT pg_reload_conf()");
    await store.close();
  });
});
