import { conformance } from "@sess/core/conformance";
import { afterAll, beforeAll, test } from "vitest";
import { adminPool } from "../../packages/postgres/test/support.js";

const url = process.env.SESS_MUTATED_URL ?? "";

// By path, and failing in a test: see memory.kit.ts.
const loaded = import("../../packages/postgres/src/provider.js");
await loaded.catch(() => undefined);

// The server outlives the mutants: each has its own schema, so that tables do not accumulate.
const schema = `kit_${process.pid}_${Date.now()}`;
const admin = adminPool(url);
beforeAll(() => admin.query(`CREATE SCHEMA ${schema}`));
afterAll(async () => {
  await admin.query(`DROP SCHEMA ${schema} CASCADE`);
  await admin.end();
});

conformance(test, {
  name: "postgres",
  open: async ({ namespace, now }) => {
    const { postgres } = await loaded;
    return postgres({ url, schema, table: namespace }).connect({ now, contract: 1 });
  },
});
