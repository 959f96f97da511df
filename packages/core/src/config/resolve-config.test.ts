import { describe, expect, it } from "vitest";
import { quoted } from "./checks.js";
import type { ManagerConfig } from "./options.js";
import { resolveConfig as resolve } from "./resolve-config.js";
import { readSeedConfig } from "./seed-json.js";

/** For what the types refuse but JavaScript, or a JSON file, can say. */
const resolveConfig = (config: Parameters<typeof resolve>[0]) => resolve(config, readSeedConfig);
const loose = (config: unknown) => resolveConfig(config as ManagerConfig);
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: "SessionError", code: "SESS_CONFIG" });
    expect((error as Error).cause).toBe(undefined);
    return (error as Error).message;
  }
  return "accepted";
};

const defaults = {
  cookieName: "sessionid",
  namespace: "sessionid",
  gcInterval: 3_600_000,
  idle: 3_600_000,
  absolute: Number.POSITIVE_INFINITY,
  maxBytes: 1_000_000,
  cookieMaxAge: undefined,
  enableSetCookie: true,
  cookie: { secure: "auto", httpOnly: true, sameSite: "lax", path: "/", partitioned: false },
  id: { bytes: 32, prefix: "" },
  sidHeader: undefined,
  sidInUrlQuery: false,
  trustProxy: false,
  global: undefined,
  now: Date.now,
  onError: undefined,
  fields: undefined,
  providerConfig: undefined,
};

describe("an object", () => {
  it("has the defaults of the table", () => {
    expect(resolveConfig(undefined)).toStrictEqual(defaults);
    expect(resolveConfig({})).toStrictEqual(defaults);
    expect(resolveConfig({ cookieName: undefined, domain: undefined, gcLifetime: undefined })).toStrictEqual(defaults);
  });

  it("is resolved key by key", () => {
    const now = () => 0;
    const trustProxy = () => true;
    const onError = () => undefined;
    const providerConfig = { any: "thing" };
    const settings = resolveConfig({
      cookieName: "sid",
      gcLifetime: 60,
      maxLifetime: 120,
      absoluteLifetime: 90,
      cookieLifetime: 30,
      enableSetCookie: false,
      secure: true,
      httpOnly: false,
      sameSite: "none",
      domain: "example.com",
      path: "/app",
      partitioned: true,
      sessionIdLength: 16,
      sessionIdPrefix: "web.",
      sidInHeader: true,
      sidHeaderName: "X-Sid",
      sidInUrlQuery: true,
      trustProxy,
      namespace: "ns",
      global: "shop",
      now,
      onError,
      providerConfig,
    });
    expect(settings).toStrictEqual({
      cookieName: "sid",
      namespace: "ns",
      gcInterval: 60_000,
      idle: 120_000,
      absolute: 90_000,
      maxBytes: 1_000_000,
      cookieMaxAge: 30,
      enableSetCookie: false,
      cookie: {
        secure: true,
        httpOnly: false,
        sameSite: "none",
        domain: "example.com",
        path: "/app",
        partitioned: true,
      },
      id: { bytes: 16, prefix: "web." },
      sidHeader: "X-Sid",
      sidInUrlQuery: true,
      trustProxy,
      global: "shop",
      now,
      onError,
      fields: undefined,
      providerConfig,
    });
    expect(settings.providerConfig).toBe(providerConfig);
  });

  it("derives: maxLifetime from gcLifetime, namespace from cookieName, the header's name", () => {
    expect(resolveConfig({ gcLifetime: 7 })).toMatchObject({ gcInterval: 7000, idle: 7000 });
    expect(resolveConfig({ cookieName: "a" }).namespace).toBe("a");
    expect(resolveConfig({ sidInHeader: true }).sidHeader).toBe("X-Session-Id");
    expect(resolveConfig({ sidHeaderName: "X-Sid" }).sidHeader).toBe(undefined);
  });

  it("clamps the gc interval below the overflow of timers, and only that", () => {
    const month = 30 * 86_400;
    const settings = resolveConfig({ gcLifetime: month });
    expect(settings.gcInterval).toBe(24 * 86_400_000);
    expect(settings.gcInterval).toBeLessThan(2 ** 31 - 1);
    expect(settings.idle).toBe(month * 1000);
  });

  it("refuses unknown keys, with the nearest in case", () => {
    expect(failure(() => loose({ cookiename: "x" }))).toBe(
      'unknown config key "cookiename", did you mean "cookieName"?',
    );
    expect(failure(() => loose({ ttl: 5 }))).toBe('unknown config key "ttl"');
    for (const name of ["__proto__", "constructor", "toString", ""]) {
      const config = Object.defineProperty({}, name, { value: 1, enumerable: true });
      expect(failure(() => loose(config))).toBe(`unknown config key "${name}"`);
    }
    expect(failure(() => loose({ ["\n\u2028".repeat(999)]: 1 }))).toMatch(/^[\x20-\x7e]{1,300}$/);
  });

  const notWhole = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 315_360_001, "60", true, null, 60n, [60]];
  const notFlag = ["true", 1, 0, null, "auto", {}];
  const notText = [1, null, true, {}, ["a"]];
  const notToken = [...notText, "", "a b", "a;b", "a=b", "a\r\nb", "é", "a,b", "(x)"];
  it.each<[string, readonly unknown[]]>([
    ["cookieName", notToken],
    ["gcLifetime", notWhole],
    ["maxLifetime", notWhole],
    ["absoluteLifetime", notWhole],
    ["cookieLifetime", notWhole.filter((value) => value !== 0)],
    ["enableSetCookie", notFlag],
    ["secure", ["true", 1, null, "always"]],
    ["httpOnly", notFlag],
    ["sameSite", ["Lax", "", 2, null, true, "constructor"]],
    ["domain", [...notText, "", "a b", "a;b", "http://a", "a:80", "-a"]],
    ["path", [...notText, "", "app", "/a;b", "/a\nb", "/a,b", "/é"]],
    ["partitioned", notFlag],
    ["sessionIdLength", [15, 65, 0, -32, 32.5, "32", Number.NaN, null]],
    ["sessionIdPrefix", [...notText, "a;b", "a b", "a,b", 'a"', "é", "\0", "x".repeat(65)]],
    ["sidInHeader", notFlag],
    ["sidHeaderName", notToken],
    ["sidInUrlQuery", notFlag],
    ["trustProxy", [true, -1, 1.5, 65, "1", "127.0.0.1", null, ["127.0.0.1"], Number.NaN]],
    ["namespace", [...notText, ""]],
    ["now", [1, "now", null, new Date(0)]],
  ])("refuses what %s cannot be, and names it", (key, values) => {
    for (const value of values) {
      expect(
        failure(() => loose({ [key]: value })),
        String(value),
      ).toMatch(new RegExp(`^config "${key}" must be `));
    }
  });

  it("takes the bounds themselves", () => {
    const most = { gcLifetime: 315_360_000, maxLifetime: 315_360_000, absoluteLifetime: 1, cookieLifetime: 0 };
    expect(resolveConfig(most)).toMatchObject({ idle: 315_360_000_000, absolute: 1000, cookieMaxAge: undefined });
    for (const sessionIdLength of [16, 64]) expect(resolveConfig({ sessionIdLength }).id.bytes).toBe(sessionIdLength);
    for (const trustProxy of [0, 64]) expect(resolveConfig({ trustProxy }).trustProxy).toBe(trustProxy);
    expect(resolveConfig({ sessionIdPrefix: "x".repeat(64) }).id.prefix).toHaveLength(64);
  });

  it("never quotes a value", () => {
    expect(failure(() => loose({ namespace: 0, cookieName: "hunter2;" }))).not.toContain("hunter2");
  });

  it.each([null, 1, true, [], () => ({})])("must be one: %s", (config) => {
    expect(failure(() => loose(config))).toContain("must be an object");
  });
});

describe("a header for the id", () => {
  // RFC 9110, 9111, 9112, 6265, 6797, the Fetch standard, and what proxies obey.
  const theirs = `Accept Accept-Encoding Access-Control-Allow-Origin Age Allow Alt-Svc Authorization Cache-Control
    Connection Content-Disposition Content-Encoding Content-Length Content-Location Content-Range
    Content-Security-Policy Content-Type Cookie Cross-Origin-Opener-Policy Date ETag Expect Expires Forwarded Host
    HTTP2-Settings If-Match If-None-Match Keep-Alive Last-Modified Link Location Max-Forwards Origin Pragma
    Proxy-Authenticate Proxy-Authorization Proxy-Connection Range Referer Refresh Retry-After Sec-Fetch-Site
    Sec-WebSocket-Accept Server Set-Cookie Set-Cookie2 Strict-Transport-Security TE Trailer Transfer-Encoding Upgrade
    User-Agent Vary Via Warning WWW-Authenticate X-Accel-Redirect X-Content-Type-Options X-Forwarded-For
    X-Forwarded-Proto X-Frame-Options X-HTTP-Method-Override X-Real-IP X-Sendfile`.split(/\s+/);

  it.each(theirs)("is never %s, which means something already", (sidHeaderName) => {
    for (const name of [sidHeaderName, sidHeaderName.toLowerCase(), sidHeaderName.toUpperCase()]) {
      expect(failure(() => resolveConfig({ sidInHeader: true, sidHeaderName: name }))).toMatch(
        /^config "sidHeaderName" must be a header that means nothing else/,
      );
    }
    const seed = JSON.stringify({ SessionNameInHTTPHeader: sidHeaderName });
    expect(failure(() => resolveConfig(seed))).toContain('"SessionNameInHTTPHeader" must be a header');
  });

  it.each(["X-Session-Id", "Session-Id", "Gosessionid", "X-Auth-Token", "X-Sid", "Contents", "Sid-Host"])(
    "may be %s",
    (sidHeaderName) => {
      expect(resolveConfig({ sidInHeader: true, sidHeaderName }).sidHeader).toBe(sidHeaderName);
    },
  );
});

describe("a domain", () => {
  it.each([
    "example.com",
    ".example.com",
    "my_app.example.com",
    "_a.example.com",
    "localhost",
    "127.0.0.1",
    "xn--bcher-kva.example",
  ])("may be %s", (domain) => {
    expect(resolveConfig({ domain }).cookie.domain).toBe(domain);
  });

  it.each([
    "https://example.com",
    "example.com:3000",
    "example.com/",
    "*.example.com",
    "example.com.",
    "..example.com",
    "a..b",
    ".",
    "[::1]",
    "b\u00fccher.example",
    "-a.example.com",
    "a-.example.com",
    "exa mple.com",
    `${"a".repeat(64)}.com`,
    "a.".repeat(130),
  ])("is never %s, and the message says what it is", (domain) => {
    expect(failure(() => resolveConfig({ domain }))).toMatch(
      /must be a host name in ASCII, as "example\.com": no scheme/,
    );
  });
});

describe("contradictory cookies", () => {
  it.each<[ManagerConfig, string]>([
    [{ cookieName: "__Host-sid", domain: "example.com" }, "domain"],
    [{ cookieName: "__Host-sid", path: "/app" }, "path"],
    [{ cookieName: "__Host-sid", secure: false }, "secure"],
    [{ cookieName: "__hOST-sid", path: "/app" }, "path"],
    [{ cookieName: "__Secure-sid", secure: false }, "secure"],
    [{ cookieName: "__secure-sid", secure: false }, "secure"],
    [{ sameSite: "none", secure: false }, "secure"],
    [{ partitioned: true, secure: false }, "secure"],
    // Browsers take these for HttpOnly (RFC 6265bis), and drop them where they are not.
    [{ cookieName: "__Http-sid", httpOnly: false }, "httpOnly"],
    [{ cookieName: "__Host-Http-sid", httpOnly: false }, "httpOnly"],
    [{ cookieName: "__http-sid", secure: false }, "secure"],
    [{ cookieName: "__Host-Http-sid", domain: "example.com" }, "domain"],
  ])("%o", (config, key) => {
    expect(failure(() => resolveConfig(config))).toMatch(new RegExp(`^config "${key}" must be `));
  });

  it.each<[ManagerConfig, boolean | "auto"]>([
    [{ cookieName: "__Host-sid" }, true],
    [{ cookieName: "__Secure-sid", domain: "example.com", path: "/app" }, true],
    [{ sameSite: "none" }, true],
    [{ cookieName: "__Http-sid", domain: "example.com" }, true],
    [{ partitioned: true, secure: "auto" }, true],
    [{ cookieName: "x__Host-sid" }, "auto"],
    [{ cookieName: "__Host-sid", secure: true, path: "/" }, true],
    [{ sameSite: "strict", secure: false }, false],
  ])("%o is none, and Secure is %s", (config, secure) => {
    expect(resolveConfig(config).cookie.secure).toBe(secure);
  });
});

describe("the seed's JSON", () => {
  const seed = { ...defaults, cookieName: "gosessionid", namespace: "gosessionid" };
  it.each<[string, string, object]>([
    ["memory", `{"cookieName":"gosessionid","gclifetime":3600}`, seed],
    [
      "file",
      `{"cookieName":"gosessionid","gclifetime":3600,"ProviderConfig":"./tmp"}`,
      { ...seed, providerConfig: "./tmp" },
    ],
    [
      "redis",
      `{"cookieName":"gosessionid","gclifetime":3600,"ProviderConfig":"127.0.0.1:6379,100,astaxie"}`,
      { ...seed, providerConfig: "127.0.0.1:6379,100,astaxie" },
    ],
    [
      "mysql",
      `{"cookieName":"gosessionid","gclifetime":3600,"ProviderConfig":"username:password@protocol(address)/dbname?param=value"}`,
      { ...seed, providerConfig: "username:password@protocol(address)/dbname?param=value" },
    ],
    [
      "cookie",
      String.raw`{"cookieName":"gosessionid","enableSetCookie":false,"gclifetime":3600,"ProviderConfig":"{\"cookieName\":\"gosessionid\",\"securityKey\":\"beegocookiehashkey\"}"}`,
      {
        ...seed,
        enableSetCookie: false,
        providerConfig: '{"cookieName":"gosessionid","securityKey":"beegocookiehashkey"}',
      },
    ],
  ])("works verbatim: %s", (_, json, settings) => {
    expect(resolveConfig(json)).toStrictEqual(settings);
  });

  it("has every key of the seed", () => {
    const json = `{"cookieName":"s","gclifetime":10,"maxLifetime":20,"cookieLifeTime":30,"enableSetCookie":true,
      "secure":true,"disableHTTPOnly":true,"cookieSameSite":4,"domain":"example.com","sessionIDLength":24,
      "sessionIDPrefix":"p","EnableSidInHTTPHeader":true,"SessionNameInHTTPHeader":"Sid","EnableSidInURLQuery":true}`;
    expect(resolveConfig(json)).toMatchObject({
      cookieName: "s",
      gcInterval: 10_000,
      idle: 20_000,
      maxBytes: 1_000_000,
      cookieMaxAge: 30,
      cookie: { secure: true, httpOnly: false, sameSite: "none", domain: "example.com" },
      id: { bytes: 24, prefix: "p" },
      sidHeader: "Sid",
      sidInUrlQuery: true,
    });
  });

  it("has our names too, in any case; ignores unknown keys and null; the last one wins", () => {
    const json = `{"COOKIENAME":"a","cookieName":"b","Namespace":"n","absolutelifetime":5,"sessionOn":true,
      "trustProxy":1,"domain":null,"gclifetime":null,"__proto__":{"secure":false},"constructor":1,"disableHTTPOnly":false}`;
    expect(resolveConfig(json)).toMatchObject({ cookieName: "b", namespace: "n", absolute: 5000, trustProxy: 1 });
    expect(resolveConfig(json).cookie).toStrictEqual(defaults.cookie);
    expect(resolveConfig('{"ProviderConfig":{"a":1}}').providerConfig).toEqual({ a: 1 });
  });

  it("takes Go's numbers for SameSite, or our words", () => {
    const resolved = (value: unknown) => resolveConfig(JSON.stringify({ cookieSameSite: value })).cookie.sameSite;
    expect([1, 2, 3, 4, "strict"].map(resolved)).toEqual(["lax", "lax", "strict", "none", "strict"]);
    for (const bad of [0, 5, 1.5, "Lax", true])
      expect(failure(() => resolved(bad))).toContain('"cookieSameSite" must be');
  });

  it("takes an empty domain or header name for an unset one, as Go does", () => {
    const settings = resolveConfig('{"domain":"","SessionNameInHTTPHeader":"","EnableSidInHTTPHeader":true}');
    expect(settings.cookie).not.toHaveProperty("domain");
    expect(settings.sidHeader).toBe("X-Session-Id");
  });

  it("refuses gclifetime 0, which loops hot in the seed, and wrong types, by the seed's name", () => {
    expect(failure(() => resolveConfig('{"gclifetime":0}'))).toMatch(/^config "gcLifetime" must be a whole number/);
    expect(failure(() => resolveConfig('{"disableHTTPOnly":1}'))).toContain('"disableHTTPOnly" must be');
    expect(failure(() => resolveConfig('{"enablesidinhttpheader":1}'))).toContain('"EnableSidInHTTPHeader" must be');
    expect(failure(() => resolveConfig('{"now":1}'))).toContain('"now" must be a function');
    expect(failure(() => resolveConfig('{"cookieSameSite":4,"secure":false}'))).toContain('"secure" must be');
  });

  it.each(["", "{", "null", "[]", "1", '"x"', "hunter2"])("refuses %j", (json) => {
    expect(failure(() => resolveConfig(json))).toContain("JSON");
    expect(failure(() => resolveConfig(json))).not.toContain("hunter2");
  });
});

describe("quoted", () => {
  it("is printable, bounded and unambiguous", () => {
    expect(quoted("plain")).toBe('"plain"');
    expect(quoted('a"\n\u2028é')).toBe('"a\\"\\n\\u2028\\u00e9"');
    expect(quoted("x".repeat(100))).toBe(`"${"x".repeat(40)}"...`);
  });
});
