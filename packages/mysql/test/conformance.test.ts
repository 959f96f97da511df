import { conformance, type OpenOptions, type OutageMode, type TcpProxy, tcpProxy } from "@sess/core/conformance";
import type { Pool } from "mysql2/promise";
import { afterAll, beforeAll, test } from "vitest";
import { ddl, mysql } from "../src/provider.js";
import { rightsOfReadme } from "./grants.js";
import { adminPool, describeWithUrl } from "./support.js";

describeWithUrl("conformance", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let proxy: TcpProxy;
  let url: string;
  let admin: Pool;
  let found: Pool;
  let changed: Pool;
  let limited: string;
  let rights: readonly string[];
  const tables = new Set<string>();
  const outage = (mode: OutageMode) => proxy.outage(mode);
  const table = (namespace: string) => {
    tables.add(namespace);
    return namespace;
  };
  beforeAll(async () => {
    server = await start();
    const there = new URL(server.url);
    proxy = await tcpProxy({ host: there.hostname, port: Number(there.port || 3306) });
    url = Object.assign(there, { host: `127.0.0.1:${proxy.port}` }).href;
    admin = adminPool(server.url);
    found = adminPool(url, true);
    changed = adminPool(url);
    limited = await leastPrivileged(admin, url);
    rights = (await rightsOfReadme()).always;
  }, 150_000);
  afterAll(async () => {
    for (const name of tables) await admin.query(`DROP TABLE IF EXISTS \`${name}\``);
    await admin.query("DROP USER 'sess_limited'@'%'");
    await Promise.all([admin.end(), found.end(), changed.end()]);
    await proxy.close();
    await server.stop();
  }, 60_000);

  conformance(test, {
    name: "own pool",
    open: ({ namespace, now }) => mysql({ dsn: url, table: table(namespace) }).connect({ now, contract: 1 }),
    outage,
  });

  conformance(test, {
    name: "the caller's pool, with FOUND_ROWS",
    open: ({ namespace, now }) => mysql({ pool: found, table: table(namespace) }).connect({ now, contract: 1 }),
    outage,
  });

  conformance(test, {
    name: "the caller's pool, without FOUND_ROWS",
    open: ({ namespace, now }) => mysql({ pool: changed, table: table(namespace) }).connect({ now, contract: 1 }),
    outage,
  });

  conformance(test, {
    name: "a user who has the rights that README names, on this table only",
    open: async ({ namespace, now }: OpenOptions) => {
      await admin.query(ddl(table(namespace)));
      await admin.query(`GRANT ${rights.join(", ")} ON \`${namespace}\` TO 'sess_limited'@'%'`);
      return mysql({ dsn: limited, table: namespace, createTable: false }).connect({ now, contract: 1 });
    },
    outage,
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
