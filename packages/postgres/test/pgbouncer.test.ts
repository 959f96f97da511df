import { conformance } from "@sess/core/conformance";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postgres } from "../src/provider.js";
import { canStartPgBouncer, howToEnablePgBouncer, startPgBouncer } from "./pgbouncer.js";
import { type PrivatePostgres, startPostgres } from "./server.js";
import { adminPool, Clock, describeWithServer, newKey, newRecord } from "./support.js";

const available = await canStartPgBouncer();

if (!available) {
  test.skipIf(process.env.CI !== "true")(`behind PgBouncer (to run it, ${howToEnablePgBouncer})`, () => {
    throw new Error(howToEnablePgBouncer);
  });
} else {
  describeWithServer("behind PgBouncer in transaction mode, with two connections for all", () => {
    let server: PrivatePostgres;
    let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
    let admin: Pool;
    const options = (port: number) => ({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
    beforeAll(async () => {
      server = await startPostgres();
      bouncer = await startPgBouncer(server.port, "options, statement_timeout");
      admin = adminPool(server.url);
    }, 150_000);
    afterAll(async () => {
      await admin.end();
      await bouncer.stop();
      await server.stop();
    }, 60_000);

    conformance(test, {
      name: "own pool, whose prepared statements are lost",
      open: ({ namespace: table, now }) => postgres({ ...options(bouncer.port), table }).connect({ now, contract: 1 }),
    });

    test("where settings are refused, no connection of the server keeps anything of ours", async () => {
      const [clock, fresh] = [new Clock(), await startPgBouncer(server.port)];
      const store = await postgres({ ...options(fresh.port) }).connect(clock);
      const [key, record] = [newKey(), newRecord(clock.now())];
      await store.create(key, record);
      await store.update(key, newRecord(clock.now()), record.version);
      await store.gc();
      const through = adminPool(`postgres://postgres@127.0.0.1:${fresh.port}/postgres`);
      const { rows } = await through.query(
        `SELECT (SELECT count(*)::int FROM pg_prepared_statements) AS statements, current_setting('statement_timeout') AS bound,
          (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks,
          (SELECT count(*)::int FROM pg_settings WHERE source = 'session' AND name LIKE '%timeout') AS settings`,
      );
      expect(rows).toEqual([{ statements: 0, bound: "0", locks: 0, settings: 0 }]);
      await through.end();
      await store.close();
      await fresh.stop();
    });
  });
}
