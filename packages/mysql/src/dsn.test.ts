import { describe, expect, test } from "vitest";
import { parseDsn } from "./dsn.js";
import { parseDuration } from "./dsn-params.js";

const local = { user: "", password: "", net: "tcp", addr: "127.0.0.1:3306", database: "" };
const named = { ...local, user: "user", password: "password", database: "dbname" };

/** The inputs are the published cases of go-sql-driver/mysql (dsn_test.go), with what that driver makes of them. */
describe("published cases of go-sql-driver/mysql", () => {
  test.each<[dsn: string, parts: object, params?: Readonly<Record<string, string>>]>([
    [
      "username:password@protocol(address)/dbname?param=value",
      { ...named, user: "username", net: "protocol", addr: "address" },
      { param: "value" },
    ],
    [
      "username:password@protocol(address)/dbname?param=value&columnsWithAlias=true",
      { ...named, user: "username", net: "protocol", addr: "address" },
      { param: "value", columnsWithAlias: "true" },
    ],
    [
      "username:password@protocol(address)/dbname?param=value&columnsWithAlias=true&multiStatements=true",
      { ...named, user: "username", net: "protocol", addr: "address" },
      { param: "value", columnsWithAlias: "true", multiStatements: "true" },
    ],
    [
      "user@unix(/path/to/socket)/dbname?charset=utf8",
      { ...named, password: "", net: "unix", addr: "/path/to/socket" },
      { charset: "utf8" },
    ],
    [
      "user:password@tcp(localhost:5555)/dbname?charset=utf8&tls=true",
      { ...named, addr: "localhost:5555" },
      { charset: "utf8", tls: "true" },
    ],
    [
      "user:password@tcp(localhost:5555)/dbname?charset=utf8mb4,utf8&tls=skip-verify",
      { ...named, addr: "localhost:5555" },
      { charset: "utf8mb4,utf8", tls: "skip-verify" },
    ],
    [
      "user:password@/dbname?loc=UTC&timeout=30s&readTimeout=1s&writeTimeout=1s&allowAllFiles=1&clientFoundRows=true&allowOldPasswords=TRUE&collation=utf8mb4_unicode_ci&maxAllowedPacket=16777216&tls=false&allowCleartextPasswords=true&parseTime=true&rejectReadOnly=true",
      named,
      {
        loc: "UTC",
        timeout: "30s",
        readTimeout: "1s",
        writeTimeout: "1s",
        allowAllFiles: "1",
        clientFoundRows: "true",
        allowOldPasswords: "TRUE",
        collation: "utf8mb4_unicode_ci",
        maxAllowedPacket: "16777216",
        tls: "false",
        allowCleartextPasswords: "true",
        parseTime: "true",
        rejectReadOnly: "true",
      },
    ],
    [
      "user:password@/dbname?allowNativePasswords=false&checkConnLiveness=false&maxAllowedPacket=0&allowFallbackToPlaintext=true",
      named,
      {
        allowNativePasswords: "false",
        checkConnLiveness: "false",
        maxAllowedPacket: "0",
        allowFallbackToPlaintext: "true",
      },
    ],
    [
      "user:p@ss(word)@tcp([de:ad:be:ef::ca:fe]:80)/dbname?loc=Local",
      { ...named, password: "p@ss(word)", addr: "[de:ad:be:ef::ca:fe]:80" },
      { loc: "Local" },
    ],
    ["/dbname", { ...local, database: "dbname" }],
    ["/dbname%2Fwithslash", { ...local, database: "dbname/withslash" }],
    ["@/", local],
    ["/", local],
    ["", local],
    ["user:p@/ssword@/", { ...local, user: "user", password: "p@/ssword" }],
    ["unix/?arg=%2Fsome%2Fpath.ext", { ...local, net: "unix", addr: "/tmp/mysql.sock" }, { arg: "/some/path.ext" }],
    ["tcp(127.0.0.1)/dbname", { ...local, database: "dbname" }],
    ["tcp(de:ad:be:ef::ca:fe)/dbname", { ...local, addr: "[de:ad:be:ef::ca:fe]:3306", database: "dbname" }],
    [
      "user:password@/dbname?loc=UTC&timeout=30s&parseTime=true&timeTruncate=1h",
      named,
      { loc: "UTC", timeout: "30s", parseTime: "true", timeTruncate: "1h" },
    ],
    [
      "foo:bar@tcp(192.168.1.50:3307)/baz?timeout=10s&connectionAttributes=program_name:MySQLGoDriver%2FTest,program_version:1.2.3",
      { user: "foo", password: "bar", net: "tcp", addr: "192.168.1.50:3307", database: "baz" },
      { timeout: "10s", connectionAttributes: "program_name:MySQLGoDriver/Test,program_version:1.2.3" },
    ],
  ])("%s", (dsn, parts, params = {}) => {
    const { params: read, ...rest } = parseDsn(dsn);
    expect(rest).toEqual(parts);
    expect(Object.fromEntries(read)).toEqual(params);
  });

  const unescaped = "invalid DSN: did you forget to escape a param value?";
  const unterminated = "invalid DSN: network address not terminated (missing closing brace)";
  test.each<[dsn: string, message: string]>([
    ["@net(addr/", unterminated],
    ["@tcp(/", unterminated],
    ["tcp(/", unterminated],
    ["(/", unterminated],
    ["net(addr)//", unescaped],
    ["User:pass@tcp(1.2.3.4:3306)", "invalid DSN: missing the slash separating the database name"],
    ["net()/", "default addr for network unknown"],
    ["user:pass@tcp(127.0.0.1:3306)/db/name", unescaped],
    ["user:password@/dbname?allowFallbackToPlaintext=PREFERRED", "allowFallbackToPlaintext: invalid bool value"],
    ["user:password@/dbname?connectionAttributes=attr1:/unescaped/value", "default addr for network unknown"],
    ["User:password@tcp(localhost:5555)/dbname?serverPubKey=invalid_name", "unknown server pub key name"],
    [
      "/dbname?collation=gbk_chinese_ci&interpolateParams=true",
      "invalid DSN: interpolateParams can not be used with unsafe collations",
    ],
  ])("%s is refused", (dsn, message) => {
    expect(() => parseDsn(dsn)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(() => parseDsn(dsn)).toThrow(message);
  });

  test.each([
    "/dbname?collation=gbk_chinese_ci&interpolateParams=false",
    "/dbname?collation=gbk_chinese_ci",
    "/dbname?collation=ascii_bin&interpolateParams=true",
    "/dbname?collation=latin1_german1_ci&interpolateParams=true",
    "/dbname?collation=utf8_general_ci&interpolateParams=true",
    "/dbname?collation=utf8mb4_general_ci&interpolateParams=true",
  ])("%s is accepted", (dsn) => {
    expect(parseDsn(dsn).database).toBe("dbname");
  });
});

describe("beyond them", () => {
  test.each([":", "/", "@", "(", ")", "?", "&", "#", "%", " ", "é", "p@ss/w:o(r)d?x=y&z#%41", "@tcp(h)/db"])(
    "a password may contain %j",
    (password) => {
      expect(parseDsn(`ada:${password}@tcp(h:1)/db`)).toMatchObject({ user: "ada", password, addr: "h:1" });
    },
  );

  test("brackets without a port, no host, a name that is there twice, a plus, a parameter without a value", () => {
    expect(parseDsn("tcp([::1])/").addr).toBe("[::1]:3306");
    expect(parseDsn("tcp([::1]:3306)/").addr).toBe("[::1]:3306");
    expect(parseDsn("tcp(:3307)/").addr).toBe(":3307");
    expect(Object.fromEntries(parseDsn("/db?a=1&a=b+c&d&=e").params)).toEqual({ a: "b c", "": "e" });
  });

  test.each(["/db?timeout=30", "/db?timeout=s", "/db?maxAllowedPacket=1MB", "/db?a=%zz", "/%zz", "/db?strict=true"])(
    "%s is refused",
    (dsn) => {
      expect(() => parseDsn(dsn)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    },
  );

  test.each([
    "ada:pw@127.0.0.1:3306/db",
    "ada:pw@localhost/db",
    "127.0.0.1:3306/db",
    "ada:pw@[::1]:3306/db",
    "ada:pw@h",
  ])("%s, an address without parentheses, is answered with how to write it", (dsn) => {
    expect(() => parseDsn(dsn)).toThrow("user:password@tcp(host:3306)/dbname");
    expect(() => parseDsn(dsn)).toThrow("mysql://");
  });

  // A timer could not tell on a busy machine: what is not linear takes minutes for this.
  test("a duration is read in linear time", { timeout: 20_000 }, () => {
    const digits = "1".repeat(400_000);
    for (const text of [
      digits,
      `${digits}.`,
      `${digits}.${digits}`,
      `1.${digits}x`,
      "1s".repeat(200_000),
      `${"1s".repeat(200_000)}1`,
    ]) {
      expect(parseDuration(text)).toEqual(text === "1s".repeat(200_000) ? 200_000_000 : Number.NaN);
    }
  });

  test.each([
    "ada:hunter2",
    "ada:hunter2@tcp(h",
    "ada:x/hunter2@tcp(h)",
    "ada:hunter2@net()/db",
    "hunter2/",
    "ada:x@h/db?parseTime=hunter2",
    "ada:x@/hunter2%zz",
    "ada:x@/db?hunter2=%zz",
  ])("the message about %s holds no part of it", (dsn) => {
    expect(() => parseDsn(dsn)).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
  });

  test.each([
    ["0", 0],
    ["300ms", 300],
    ["1.5h", 5_400_000],
    ["1h2m3s", 3_723_000],
    [".5s", 500],
    ["-1s", -1000],
    ["2us", 0.002],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });
});
