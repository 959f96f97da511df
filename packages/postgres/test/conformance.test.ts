import { PGlite } from "@electric-sql/pglite";
import { conformance, type OpenOptions, type TcpProxy, tcpProxy } from "@sess/core/conformance";
import { afterAll, beforeAll, describe, test } from "vitest";
import { ddl, postgres } from "../src/provider.js";
import { rightsOfReadme } from "./grants.js";
import { adminPool, describeWithUrl } from "./support.js";

const contract = 1;

describeWithUrl("conformance", (start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let admin: ReturnType<typeof adminPool>;
  let limited: string;
  let proxy: TcpProxy;
  let throughProxy: string;
  let borrowed: ReturnType<typeof adminPool>;
  let rights: readonly string[];
  const tables = new Set<string>();
  const granted: Record<string, Promise<unknown>> = {};
  const grant = (name: string) => admin.query(`${ddl(name)} GRANT ${rights.join(", ")} ON ${name} TO sess_limited`);
  const table = (namespace: string) => {
    tables.add(namespace);
    return namespace;
  };
  beforeAll(async () => {
    server = await start();
    admin = adminPool(server.url);
    const there = new URL(server.url);
    proxy = await tcpProxy({ host: there.hostname, port: Number(there.port) });
    there.port = `${proxy.port}`;
    throughProxy = there.href;
    borrowed = adminPool(throughProxy);
    rights = (await rightsOfReadme()).always;
    await admin.query("DROP ROLE IF EXISTS sess_limited; CREATE ROLE sess_limited LOGIN PASSWORD 'pw'");
    const url = new URL(server.url);
    [url.username, url.password] = ["sess_limited", "pw"];
    limited = url.href;
  }, 150_000);
  afterAll(async () => {
    for (const name of tables) await admin.query(`DROP TABLE IF EXISTS ${name}`);
    await admin.query("DROP ROLE sess_limited");
    await Promise.all([admin.end(), borrowed.end()]);
    await proxy.close();
    await server.stop();
  }, 60_000);

  conformance(test, {
    name: "own pool",
    open: ({ namespace, now }) => postgres({ url: throughProxy, table: table(namespace) }).connect({ now, contract }),
    outage: (mode) => proxy.outage(mode),
  });

  conformance(test, {
    name: "own pool, nothing prepared",
    open: ({ namespace, now }) =>
      postgres({ url: server.url, table: table(namespace), prepare: false }).connect({ now, contract }),
  });

  conformance(test, {
    name: "the caller's pool",
    open: ({ namespace, now }) => postgres({ pool: borrowed, table: table(namespace) }).connect({ now, contract }),
    outage: (mode) => proxy.outage(mode),
  });

  conformance(test, {
    name: "a user who has the rights that README names, on this table only",
    open: async ({ namespace, now }: OpenOptions) => {
      const options = { url: limited, table: table(namespace), createTable: false };
      granted[namespace] ??= grant(namespace);
      await granted[namespace];
      return postgres(options).connect({ now, contract });
    },
  });
});

describe("conformance without a server", { timeout: 60_000 }, () => {
  let pool: PGlite;
  beforeAll(async () => {
    pool = await PGlite.create();
  }, 150_000);
  afterAll(() => pool.close());

  conformance(test, {
    name: "PGlite",
    open: ({ namespace, now }) => postgres({ pool, table: namespace }).connect({ now, contract }),
  });
});
