import { describe, expect, test } from "vitest";
import { parseConfig as parse } from "./config.js";
import { parseText } from "./config-text.js";
import type { MysqlConfig } from "./options.js";
import { checkTable, ddl } from "./schema.js";

const parseConfig = (config: Parameters<typeof parse>[0]) => parse(config, parseText);

const target = { host: "127.0.0.1", port: 3306, poolSize: 10, connectTimeout: 5000 };
const verified = { rejectUnauthorized: true, verifyIdentity: true };

test("defaults", () => {
  const defaults = {
    target,
    table: "sessions",
    createTable: true,
    timeout: 5000,
    mostPacket: Number.POSITIVE_INFINITY,
  };
  for (const config of [undefined, "", "/", {}]) expect(parseConfig(config)).toEqual(defaults);
});

describe("the DSN of go-sql-driver/mysql", () => {
  test.each<[dsn: string, target: object]>([
    [
      "ada:p@ss/w@tcp(db:3307)/app",
      { ...target, host: "db", port: 3307, user: "ada", password: "p@ss/w", database: "app" },
    ],
    ["ada@unix(/run/mysqld.sock)/app", { ...target, socketPath: "/run/mysqld.sock", user: "ada", database: "app" }],
    ["tcp([::1]:3306)/", { ...target, host: "::1" }],
    ["tcp(::1)/", { ...target, host: "::1" }],
    ["tcp(:3307)/", { ...target, port: 3307 }],
    ["tcp(db)/?tls=true", { ...target, host: "db", ssl: verified }],
    ["tcp(db)/?tls=1", { ...target, host: "db", ssl: verified }],
    ["tcp(db)/?tls=Skip-Verify", { ...target, host: "db", ssl: { rejectUnauthorized: false, verifyIdentity: false } }],
    ["tcp(db)/?tls=false", { ...target, host: "db" }],
    ["/?timeout=1500ms", { ...target, connectTimeout: 1500 }],
    ["/?timeout=30s", target],
  ])("%s", (dsn, expected) => {
    expect(parseConfig(dsn).target).toEqual(expected);
    expect(parseConfig({ dsn }).target).toEqual(expected);
  });

  test.each<[dsn: string, timeout: number]>([
    ["/?readTimeout=2s&writeTimeout=3s", 3000],
    ["/?readTimeout=1ns", 1],
    ["/?readTimeout=1m", 9000],
    ["/?readTimeout=0", 5000],
    ["/?readTimeout=-1s", 5000],
  ])("%s has operations settle in %d ms", (dsn, timeout) => {
    expect(parseConfig(dsn).timeout).toBe(timeout);
  });

  test("maxAllowedPacket bounds what is sent", () => {
    expect(parseConfig("/?maxAllowedPacket=4096").mostPacket).toBe(4096);
    expect(parseConfig("/?maxAllowedPacket=0").mostPacket).toBe(Number.POSITIVE_INFINITY);
  });

  test.each<[dsn: string, part: RegExp]>([
    ["username:password@protocol(address)/dbname?param=value", /network/],
    ["tcp(db:port)/", /port/],
    ["tcp(db:0)/", /port/],
    ["/?tls=custom", /tls/],
    ["/?tls=preferred", /preferred/],
    ["postgres://h/db", /mysql:\/\//],
  ])("%s is refused", (dsn, part) => {
    expect(() => parseConfig(dsn)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(() => parseConfig(dsn)).toThrow(part);
  });
});

describe("mysql:// URLs", () => {
  test.each<[url: string, expected: object]>([
    ["mysql://h", { ...target, host: "h" }],
    ["MYSQL://h/", { ...target, host: "h" }],
    [
      "mysql://ada:s%2Fec%40ret@[::1]:3307/app%2F1",
      { ...target, host: "::1", port: 3307, user: "ada", password: "s/ec@ret", database: "app/1" },
    ],
    ["mysql://h/?tls=true", { ...target, host: "h", ssl: verified }],
    [
      "mysql://h/?ssl-mode=REQUIRED",
      { ...target, host: "h", ssl: { rejectUnauthorized: false, verifyIdentity: false } },
    ],
    ["mysql://h/?ssl-mode=verify_ca", { ...target, host: "h", ssl: { verifyIdentity: false } }],
    ["mysql://h/?ssl-mode=VERIFY_IDENTITY", { ...target, host: "h", ssl: verified }],
    ["mysql://h/?ssl-mode=DISABLED", { ...target, host: "h" }],
    ["mysql://h/?ssl=true", { ...target, host: "h", ssl: verified }],
    ['mysql://h/?ssl={"ca":"pem"}', { ...target, host: "h", ssl: { ca: "pem", verifyIdentity: true } }],
  ])("%s", (url, expected) => {
    expect(parseConfig(url).target).toEqual(expected);
  });

  test.each([
    "mysql://h:99999",
    "mysql://h:0",
    "mysql://%zz@h",
    "mysql://h/#x",
    "mysql://h/?connectionLimit=1",
    "mysql://h/?ssl-mode=PREFERRED",
    "mysql://h/?tls=preferred",
    "mysql://h/?ssl=Amazon RDS",
    'mysql://h/?ssl={"pem":"x"}',
  ])("%s is refused", (url) => {
    expect(() => parseConfig(url)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
  });

  test.each(["charset=utf8mb4", "charset=utf8mb4&collation=utf8mb4_bin", "timezone=Z&tls=false"])(
    "?%s makes no difference: text goes as bytes, times as numbers",
    (query) => {
      expect(parseConfig(`mysql://h/?${query}`).target).toEqual({ ...target, host: "h" });
    },
  );

  test.each([
    ["mysql://h/?connectionLimit=1", /"connectionLimit".*poolSize/],
    ["mysql://h/?connectTimeout=1", /"connectTimeout".*timeout/],
    ["mysql://h/?family=0", /"family"/],
    ["mysql://h/?tls=true&multipleStatements=true", /"multipleStatements"/],
    ["mysql://ada:p#w@h/db", /%23/],
    ["mysql://ada:1?secretpart=x@h/db", /percent-encoded/],
    ["mysql://ada:1/secretpart@h/db", /percent-encoded/],
    ["mysql://h/?s%20ecretpart=1", /parameter that is not known/],
  ])("%s is refused by what is wrong with it", (url, part) => {
    expect(() => parseConfig(url)).toThrow(part);
    expect(() => parseConfig(url)).toThrow(expect.not.objectContaining({ message: /ecretpart/ }));
  });

  test("express-mysql-session #142: TLS that was asked for is never dropped, in any form", () => {
    for (const config of ["tcp(h)/?tls=true", "mysql://h/?tls=true", "mysql://h/?ssl=true", { host: "h", tls: true }]) {
      expect(parseConfig(config).target).toHaveProperty("ssl", verified);
    }
    for (const text of ["mysql://h/?sslmode=require", "mysql://h/?useSSL=true", "/?tls=my-profile"]) {
      expect(() => parseConfig(text)).toThrow(/tls/);
    }
  });
});

describe("typed options", () => {
  test("what is set beside the dsn wins", () => {
    expect(parseConfig({ dsn: "ada:pw@tcp(a:1)/app", host: "b", user: undefined, poolSize: 3 }).target).toEqual({
      ...target,
      host: "b",
      port: 1,
      user: "ada",
      password: "pw",
      database: "app",
      poolSize: 3,
    });
    expect(parseConfig({ dsn: "unix(/a)/", host: "b" }).target).toEqual({ ...target, host: "b" });
    expect(parseConfig({ dsn: "tcp(a:1)/", socketPath: "/b" }).target).toEqual({ ...target, socketPath: "/b" });
    expect(parseConfig({ dsn: "/?readTimeout=2s", timeout: 300 })).toMatchObject({ timeout: 300 });
  });

  test("tls takes options, and checks names unless told not to", () => {
    const ssl = (tls: object) => (parseConfig({ host: "h", tls }).target as { readonly ssl?: object }).ssl;
    expect(ssl({ ca: "pem" })).toEqual({ ca: "pem", verifyIdentity: true });
    expect(ssl({ rejectUnauthorized: false })).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
    expect(ssl({ ca: "pem", verifyIdentity: false })).toEqual({ ca: "pem", verifyIdentity: false });
  });

  test.each<[name: string, config: unknown]>([
    ["port", { port: "3306" }],
    ["port", { port: 0 }],
    ["poolSize", { poolSize: 0 }],
    ["poolSize", { poolSize: 1.5 }],
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: 9001 }],
    ["timeout", { timeout: Number.NaN }],
    ["table", { table: 1 }],
    ["createTable", { createTable: "no" }],
    ["tls", { tls: "yes" }],
    ["tls.pem", { tls: { pem: "x" } }],
    ["tls.verifyIdentity", { host: "::1", tls: true }],
    ["tls.verifyIdentity", { tls: { ca: "pem" } }],
    ["host", { host: 1 }],
    ["dsn", { dsn: 1 }],
    ["socketPath", { socketPath: "/a", host: "h" }],
    ["pasword", { pasword: "x" }],
    ["url; known are table, ", { url: "mysql://h/d" }],
    ["host", { pool: { getConnection() {} }, host: "h" }],
    ["getConnection", { pool: {} }],
    ["getConnection", { pool: undefined }],
    ["string or an object", 1],
    ["string or an object", null],
  ])("%s is named when it is wrong", (name, config) => {
    expect(() => parseConfig(config as MysqlConfig)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(() => parseConfig(config as MysqlConfig)).toThrow(name);
  });

  test("times are said with their unit", () => {
    expect(() => parseConfig({ timeout: 30_000 })).toThrow(
      "timeout must be an integer from 1 to 9000, in milliseconds",
    );
  });

  test("no message holds a password", () => {
    for (const config of ["ada:hunter2@tcp(h:x)/", "mysql://ada:hunter2@h:x", { dsn: "ada:hunter2", port: 0 }]) {
      expect(() => parseConfig(config)).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
    }
  });
});

describe("CVE-2019-15658 (connect-pg-simple): a table's name never becomes SQL", () => {
  test.each([
    "sessions; DROP TABLE users",
    "sessions` (x INT); --",
    "a.b",
    "`a`",
    '"a"',
    "a b",
    "a\0",
    "a\n",
    "",
    "1a",
    "Sessions",
    "sesión",
    "a".repeat(65),
    "a-b",
    "a$b",
  ])("%j is refused", (table) => {
    expect(() => parseConfig({ table })).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(() => ddl(table)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
  });

  test.each(["sessions", "_", "app_sessions_2", "a".repeat(64)])("%s is accepted", (table) => {
    expect(checkTable(table)).toBe(table);
    expect(ddl(table)).toContain(`CREATE TABLE IF NOT EXISTS \`${table}\` (`);
  });
});
