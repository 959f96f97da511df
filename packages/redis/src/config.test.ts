import { describe, expect, test } from "vitest";
import { parseConfig } from "./config.js";
import type { RedisConfig } from "./options.js";

const defaults = { host: "127.0.0.1", port: 6379, db: 0 };

describe("redis:// and rediss://", () => {
  test.each<[text: string, target: object]>([
    ["redis://h", { ...defaults, host: "h" }],
    ["redis://:s%2Cec%40ret@h:1/2", { host: "h", port: 1, db: 2, password: "s,ec@ret" }],
    ["rediss://ada:pw@[::1]:7000/", { ...defaults, host: "::1", port: 7000, username: "ada", password: "pw", tls: {} }],
    ["REDIS://h/", { ...defaults, host: "h" }],
  ])("%j", (text, target) => {
    expect(parseConfig(text).target).toEqual(target);
    expect(parseConfig({ url: text }).target).toEqual(target);
  });

  test.each(["redis://h/x", "redis://h?db=1", "redis://h:99999", "redis://%zz@h", "http://h", "redis://h/1/2"])(
    "%j is refused",
    (url) => {
      expect(() => parseConfig({ url })).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    },
  );

  test.each([
    ["redis://h?family=0", /\(it has "family"\).*client of your own/],
    ["redis://:p#w@h/1", /%23/],
    ["redis://:1#w@h/1", /%23/],
    ["redis://:1?secretpart@h/1", /percent-encoded/],
    ["redis://:1/secretpart@h/1", /percent-encoded/],
    ["redis://h?s%20ecretpart=1", /must not have a query:/],
  ])("%s is refused by what is wrong with it", (url, part) => {
    expect(() => parseConfig({ url })).toThrow(part);
    expect(() => parseConfig({ url })).toThrow(expect.not.objectContaining({ message: /ecretpart/ }));
  });

  test("what is set beside the url wins", () => {
    const { target } = parseConfig({ url: "redis://a:1/2", host: "b", password: "pw", username: undefined });
    expect(target).toEqual({ host: "b", port: 1, db: 2, password: "pw" });
  });
});

describe("typed options", () => {
  test("defaults", () => {
    expect(parseConfig(undefined)).toEqual({ target: defaults, prefix: "sess:", commandTimeout: 2000 });
  });

  test("a Unix socket", () => {
    expect(parseConfig({ path: "/run/redis.sock" }).target).toEqual({ ...defaults, path: "/run/redis.sock" });
    expect(() => parseConfig({ path: "/run/redis.sock", port: 1 })).toThrow(/path/);
  });

  test.each<[name: string, config: object]>([
    ["port", { port: "6379" }],
    ["db", { db: -1 }],
    ["commandTimeout", { commandTimeout: 0 }],
    ["commandTimeout", { commandTimeout: Number.NaN }],
    ["prefix", { prefix: 1 }],
    ["wait", { wait: 0 }],
    ["wait", { wait: 1.5 }],
    ["tls", { tls: "yes" }],
    ["host", { host: 1 }],
    ["pasword", { pasword: "astaxie" }],
    ["url", { client: {}, url: "redis://h" }],
    ["uri; known are url, host, ", { uri: "redis://h" }],
  ])("%s is named when it is wrong", (name, config) => {
    expect(() => parseConfig(config as RedisConfig)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(() => parseConfig(config as RedisConfig)).toThrow(new RegExp(name));
  });

  test("no message holds a password", () => {
    for (const config of ["redis://:hunter2@h/x", { url: "redis://:hunter2@h:x" }]) {
      expect(() => parseConfig(config)).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
    }
  });
});
