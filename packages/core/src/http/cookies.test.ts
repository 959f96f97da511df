import { describe, expect, it } from "vitest";
import {
  type CookieAttributes,
  clearCookie,
  cookieValues,
  isCookieDomain,
  isCookieName,
  isCookiePath,
  isCookieValue,
  MAX_COOKIE_HEADER,
  MAX_COOKIE_VALUES,
  mergeCacheControl,
  mergeVary,
  setCookie,
} from "./cookies.js";

const attributes: CookieAttributes = { secure: false, httpOnly: true, sameSite: "lax", path: "/", partitioned: false };
const config = expect.objectContaining({ name: "SessionError", code: "SESS_CONFIG" });
const injections = [
  "a;b",
  "a; Domain=evil.example",
  "a\r\nSet-Cookie: x=y",
  "a,b",
  'a"',
  "a\\b",
  "a b",
  "é",
  "a\0",
  "\x7f",
];

describe("cookieValues", () => {
  it.each<[string | undefined, readonly string[]]>([
    [undefined, []],
    ["", []],
    ["sid=1", ["1"]],
    ["a=0; sid=1; b=2", ["1"]],
    ["sid=1; sid=2;sid=3", ["1", "2", "3"]],
    [" \t sid \t = \t 1 \t ;", ["1"]],
    ["sid=", [""]],
    ["sid", []],
    ["=sid", []],
    ["SID=1; sidx=1; xsid=1", []],
    ["sid=a=b==", ["a=b=="]],
    ['sid="1"', ["1"]],
    ['sid=""1""', ['"1"']],
    ['sid="', ['"']],
    ['sid=""', [""]],
    ['sid="a;b"', ['"a']],
    ["sid=%41%", ["%41%"]],
    ["sid=\u00a01", ["\u00a01"]],
    ["a=x,sid=1", []],
    [";;;sid=1;;;", ["1"]],
    ["__proto__=1; sid=2", ["2"]],
  ])("%j", (header, values) => {
    expect(cookieValues(header, "sid")).toEqual(values);
  });

  it("finds no nameless cookie, and __proto__ like any other", () => {
    expect(cookieValues("=1; 1", "")).toEqual([]);
    expect(cookieValues("__proto__=1", "__proto__")).toEqual(["1"]);
  });

  it("is bounded in length and in number", () => {
    const longest = `sid=1;${"x".repeat(MAX_COOKIE_HEADER - 6)}`;
    expect(cookieValues(longest, "sid")).toEqual(["1"]);
    expect(cookieValues(`${longest}x`, "sid")).toEqual([]);
    const many = Array.from({ length: 100 }, (_, index) => `sid=${index}`).join("; ");
    expect(cookieValues(many, "sid")).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(MAX_COOKIE_VALUES).toBe(8);
  });

  it("agrees with a plain reading of the grammar on 10,000 random headers", () => {
    const trim = (text: string) => text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
    const reference = (header: string, name: string): string[] =>
      header
        .split(";")
        .map((pair) => /^([^=]*)=(.*)$/s.exec(pair))
        .filter((match) => match !== null && trim(match[1] ?? "") === name)
        .map((match) => trim(match?.[2] ?? ""))
        .map((value) => /^"(.*)"$/s.exec(value)?.[1] ?? value)
        .slice(0, 8);
    const pieces = [
      "sid",
      "sid=",
      ";",
      "; ",
      "=",
      " ",
      "\t",
      '"',
      '"v"',
      "v",
      "sid2",
      "SID",
      ",",
      "\\",
      "%3D",
      "\0",
      "\n",
      "\ud800",
      "\u00a0",
      "é",
    ];
    let state = 42;
    const below = (limit: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    let found = 0;
    for (let round = 0; round < 10_000; round++) {
      const header = Array.from({ length: below(30) }, () => pieces[below(pieces.length)]).join("");
      const expected = reference(header, "sid");
      found += expected.length;
      expect(cookieValues(header, "sid"), JSON.stringify(header)).toEqual(expected);
    }
    expect(found).toBeGreaterThan(1000);
  });
});

describe("setCookie and clearCookie", () => {
  it("write the attributes of RFC 6265", () => {
    expect(setCookie("sid", "abc", attributes)).toBe("sid=abc; Path=/; HttpOnly; SameSite=Lax");
    expect(setCookie("sid", "", { ...attributes, httpOnly: false, sameSite: "strict", maxAge: 60 })).toBe(
      "sid=; Path=/; Max-Age=60; SameSite=Strict",
    );
    const all = {
      secure: true,
      httpOnly: true,
      sameSite: "none",
      domain: "example.com",
      path: "/app",
      partitioned: true,
    } as const;
    expect(setCookie("sid", "abc", { ...all, maxAge: 0 })).toBe(
      "sid=abc; Path=/app; Domain=example.com; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned",
    );
    expect(clearCookie("sid", { ...all, maxAge: 3600 })).toBe(
      "sid=; Path=/app; Domain=example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None; Partitioned",
    );
  });

  it("CVE-2024-47764: no name, value, path or domain can inject an attribute", () => {
    for (const bad of injections) {
      expect(() => setCookie(bad, "v", attributes), bad).toThrow(config);
      expect(() => clearCookie(bad, attributes), bad).toThrow(config);
      expect(() => setCookie("sid", bad, attributes), bad).toThrow(expect.objectContaining({ code: "SESS_VALUE" }));
      for (const write of [
        (a: CookieAttributes) => setCookie("sid", "v", a),
        (a: CookieAttributes) => clearCookie("sid", a),
      ]) {
        expect(() => write({ ...attributes, path: `/${bad}` }), bad).toThrow(config);
        expect(() => write({ ...attributes, domain: bad }), bad).toThrow(config);
      }
    }
    expect(() => setCookie("", "v", attributes)).toThrow(config);
  });

  it("refuse a Max-Age that is not a whole number of seconds", () => {
    for (const maxAge of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21]) {
      expect(() => setCookie("sid", "v", { ...attributes, maxAge }), String(maxAge)).toThrow(config);
    }
  });

  it("never quote what they refuse", () => {
    expect(() => setCookie("sid", "hunter2;", attributes)).not.toThrow(/hunter2/);
  });
});

describe("the grammar", () => {
  it("takes exactly RFC 9110 tokens for names, RFC 6265 octets for values", () => {
    const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (let unit = 0; unit < 0x180; unit++) {
      const letter = String.fromCharCode(unit);
      expect(isCookieName(`a${letter}`), `name ${unit}`).toBe(`${letters}!#$%&'*+-.^_\`|~`.includes(letter));
      const octet = unit > 0x20 && unit < 0x7f && !'",;\\'.includes(letter);
      expect(isCookieValue(`a${letter}`), `value ${unit}`).toBe(octet);
      expect(isCookiePath(`/${letter}`), `path ${unit}`).toBe(octet);
    }
    expect(isCookieName("")).toBe(false);
    expect(isCookieValue("")).toBe(true);
    expect(isCookieName("__Host-sid")).toBe(true);
    expect(isCookieName("sid\n")).toBe(false);
    expect(isCookieValue("sid\n")).toBe(false);
  });

  it.each([
    "example.com",
    ".example.com",
    "localhost",
    "a-b.c1",
    "127.0.0.1",
    "xn--bcher-kva.example",
    `${"a".repeat(63)}.x`,
    "my_app.example.com",
  ])("takes the domain %s", (domain) => expect(isCookieDomain(domain)).toBe(true));

  it.each([
    "",
    ".",
    "..a",
    "a..b",
    "a.",
    "-a",
    "a-",
    "bücher.example",
    "a b",
    "a;b",
    "a,b",
    "a\n",
    "[::1]",
    "a:80",
    "http://a",
    `${"a".repeat(64)}.x`,
    `${"a.".repeat(127)}a`,
  ])("refuses the domain %j", (domain) => expect(isCookieDomain(domain)).toBe(false));

  it("wants an absolute path of bounded length", () => {
    expect(isCookiePath("")).toBe(false);
    expect(isCookiePath("app")).toBe(false);
    expect(isCookiePath("/app/%20")).toBe(true);
    expect(isCookiePath(`/${"a".repeat(1023)}`)).toBe(true);
    expect(isCookiePath(`/${"a".repeat(1024)}`)).toBe(false);
  });
});

describe("mergeVary", () => {
  it.each([
    [undefined, "Cookie"],
    ["", "Cookie"],
    [" , ", "Cookie"],
    ["Accept", "Accept, Cookie"],
    ["Accept, cookie", "Accept, cookie"],
    ["COOKIE\t,Accept", "COOKIE\t,Accept"],
    ["*", "*"],
    ["Accept, *", "Accept, *"],
    ["X-Cookie, Cookies", "X-Cookie, Cookies, Cookie"],
    ["Accept*", "Accept*, Cookie"],
  ])("%j", (current, merged) => {
    expect(mergeVary(current, "Cookie")).toBe(merged);
  });
});

describe("mergeCacheControl", () => {
  it.each([
    [undefined, "no-store"],
    ["", "no-store"],
    ["public, max-age=3600", "no-store"],
    ["no-store", "no-store"],
    ["private, No-Store\t, max-age=0", "private, No-Store\t, max-age=0"],
    ["no-store-ish", "no-store"],
    ['private="x, no-store"', "no-store"],
    ['private="x\\", no-store"', "no-store"],
    ['private="x, no-store', "no-store"],
    ['private="x, no-store\\', "no-store"],
    ['private="x", no-store', 'private="x", no-store'],
    ["no-cache, private", "no-store"],
  ])("%j", (current, merged) => {
    expect(mergeCacheControl(current)).toBe(merged);
  });
});
