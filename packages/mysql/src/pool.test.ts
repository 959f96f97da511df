import { createPool as createCallbackPool } from "mysql2";
import { createPool } from "mysql2/promise";
import { expect, test } from "vitest";
import type { MysqlPool } from "./pool.js";
import { mysql } from "./provider.js";

// The compiler is the test: a pool of mysql2/promise is accepted as it is.
const accept = (pool: MysqlPool) => mysql({ pool });

test("a pool of mysql2/promise is accepted, and so is what promise() makes of one of mysql2", async () => {
  const pools = [createPool({ host: "127.0.0.1", port: 1 }), createCallbackPool({ host: "127.0.0.1" }).promise()];
  for (const pool of pools) {
    expect(accept(pool)).toMatchObject({ kind: "store", name: "mysql" });
    await pool.end();
  }
});

test("a pool of mysql2 with callbacks is refused, by the compiler and when it runs", () => {
  const pool = createCallbackPool({ host: "127.0.0.1" });
  // @ts-expect-error Its getConnection wants a callback.
  expect(() => mysql({ pool })).toThrow(/pool\.promise\(\)/);
  pool.end();
});
