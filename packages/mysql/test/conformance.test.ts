import { conformance, type OpenOptions } from "@sess/core/conformance";
import type { Pool } from "mysql2/promise";
import { afterAll, beforeAll, test } from "vitest";
import { ddl, mysql } from "../src/provider.js";
import { rightsOfReadme } from "./grants.js";
import { adminPool, describeWithUrl } from "./support.js";

describeWithUrl("conformance", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let found: Pool;
  let changed: Pool;
  let limited: string;
  let rights: readonly string[];
  const tables = new Set<string>();
  const table = (namespace: string) => {
    tables.add(namespace);
    return namespace;
  };
  beforeAll(async () => {
    server = await start();
    found = adminPool(server.url, true);
    changed = adminPool(server.url);
    limited = await leastPrivileged(changed, server.url);
    rights = (await rightsOfReadme()).always;
  }, 150_000);
  afterAll(async () => {
    for (const name of tables) await changed.query(`DROP TABLE IF EXISTS \`${name}\``);
    await changed.query("DROP USER 'sess_limited'@'%'");
    await Promise.all([found.end(), changed.end()]);
    await server.stop();
  }, 60_000);

  conformance(test, {
    name: "own pool",
    open: ({ namespace, now }) => mysql({ dsn: server.url, table: table(namespace) }).connect({ now, contract: 1 }),
  });

  conformance(test, {
    name: "the caller's pool, with FOUND_ROWS",
    open: ({ namespace, now }) => mysql({ pool: found, table: table(namespace) }).connect({ now, contract: 1 }),
  });

  conformance(test, {
    name: "the caller's pool, without FOUND_ROWS",
    open: ({ namespace, now }) => mysql({ pool: changed, table: table(namespace) }).connect({ now, contract: 1 }),
  });

  conformance(test, {
    name: "a user who has the rights that README names, on this table only",
    open: async ({ namespace, now }: OpenOptions) => {
      await changed.query(ddl(table(namespace)));
      await changed.query(`GRANT ${rights.join(", ")} ON \`${namespace}\` TO 'sess_limited'@'%'`);
      return mysql({ dsn: limited, table: namespace, createTable: false }).connect({ now, contract: 1 });
    },
  });
});

/** The URL of a user who may do nothing yet. */
async function leastPrivileged(admin: Pool, url: string): Promise<string> {
  const limited = new URL(url);
  limited.username = "sess_limited";
  limited.password = "pw";
  await admin.query("DROP USER IF EXISTS 'sess_limited'@'%'; CREATE USER 'sess_limited'@'%' IDENTIFIED BY 'pw'");
  return limited.href;
}
