import { expect, test } from "vitest";
import { parseConfig } from "./config.js";
import type { PostgresConfig } from "./options.js";

const secret = "hunter2";

test("nothing at all leaves it to the environment", () => {
  expect(parseConfig(undefined)).toMatchObject({ table: "sessions", createTable: true, timeout: 5000 });
  expect(parseConfig(undefined).target).toMatchObject({ host: undefined, tls: false, poolSize: 10, prepare: true });
});

test.each<[text: string, parts: object]>([
  [
    "postgres://ada:p%40ss%2Fw@db.example:5433/shop",
    { user: "ada", password: "p@ss/w", host: "db.example", port: 5433 },
  ],
  ["postgresql://ada@[::1]/shop", { host: "::1", port: undefined, database: "shop" }],
  ["postgres:///shop?host=/run/postgresql&user=ada", { host: "/run/postgresql", user: "ada", database: "shop" }],
  ["postgres://h/a?sslmode=verify-full", { tls: {} }],
  ["postgres://h/a?sslmode=require", { tls: { rejectUnauthorized: false } }],
  ["postgres://h/a?sslmode=disable", { tls: false }],
])("%s", (text, parts) => {
  expect(parseConfig(text).target).toMatchObject(parts);
});

test("what is set beside the URL wins over it", () => {
  const { target } = parseConfig({ url: "postgres://ada:x@h:1/a", port: 2, password: undefined });
  expect(target).toMatchObject({ host: "h", port: 2, password: "x" });
});

test.each<[config: unknown, named: string]>([
  [7, "string or an object"],
  ["mysql://h/a", "postgres://"],
  [`postgres://ada:${secret}@h:99999999/a`, "URL"],
  [`postgres://ada:${secret}%zz@h/a`, "percent-encoding: password"],
  [`postgres://h/a#${secret}`, "fragment"],
  [`postgres://h/a?options=${secret}`, "parameter"],
  [`postgres://h/a?sslmode=${secret}`, "sslmode"],
  ["postgres://h/a?sslmode=prefer", "sslmode"],
  [{ urll: secret }, "urll; known are table, "],
  [{ url: 7 }, "url"],
  [{ host: 7 }, "host"],
  [{ port: 0 }, "port"],
  [{ poolSize: 1.5 }, "poolSize"],
  [{ timeout: 9001 }, "timeout must be an integer from 1 to 9000, in milliseconds"],
  [{ prepare: 1 }, "prepare"],
  [{ createTable: "no" }, "createTable"],
  [{ tls: "yes" }, "tls"],
  [{ tls: { verify: secret } }, "tls.verify"],
  [{ pool: {} }, "pool"],
  [{ pool: { query() {} }, host: "h" }, "host"],
  // connect-pg-simple, CVE-2019-15658: a table's name is put into statements.
  [{ table: 'a"; DROP TABLE users; --' }, "table"],
  [{ table: "1a" }, "table"],
  [{ table: "a".repeat(64) }, "table"],
  [{ schema: "a.b" }, "schema"],
])("%j is SESS_CONFIG, and the message names the part and no value", (config, named) => {
  const parse = () => parseConfig(config as PostgresConfig);
  expect(parse).toThrow(expect.objectContaining({ code: "SESS_CONFIG", message: expect.stringContaining(named) }));
  expect(parse).not.toThrow(secret);
});
