import { conformance } from "@sess/core/conformance";
import { afterAll, beforeAll, test } from "vitest";
import { adminPool } from "../../packages/mysql/test/support.js";

const url = new URL(process.env.SESS_MUTATED_URL ?? "");

// By path, and failing in a test: see memory.kit.ts.
const loaded = import("../../packages/mysql/src/provider.js");
await loaded.catch(() => undefined);

// The server outlives the mutants: each has its own database, so that tables do not accumulate.
const database = `kit_${process.pid}_${Date.now()}`;
const admin = adminPool(url.href);
url.pathname = database;
beforeAll(() => admin.query(`CREATE DATABASE ${database}`));
afterAll(async () => {
  await admin.query(`DROP DATABASE ${database}`);
  await admin.end();
});

conformance(test, {
  name: "mysql",
  open: async ({ namespace, now }) => {
    const { mysql } = await loaded;
    return mysql({ dsn: url.href, table: namespace }).connect({ now, contract: 1 });
  },
});
