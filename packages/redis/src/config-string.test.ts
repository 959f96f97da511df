import { describe, expect, test } from "vitest";
import { isSeedString, parseConfig } from "./config.js";
import { parseAddressList } from "./config-string.js";
import { redis } from "./provider.js";

const defaults = { host: "127.0.0.1", port: 6379, db: 0 };

describe("addr,poolsize,password,dbnum,idle", () => {
  test.each<[text: string, target: object]>([
    ["127.0.0.1:6379,100,astaxie", { ...defaults, password: "astaxie" }],
    ["", defaults],
    [",,,,", defaults],
    ["cache.internal", { ...defaults, host: "cache.internal" }],
    ["cache.internal:7000,100,,3,180", { host: "cache.internal", port: 7000, db: 3 }],
    [":7000", { ...defaults, port: 7000 }],
    ["[::1]:7000,,p w", { ...defaults, host: "::1", port: 7000, password: "p w" }],
    ["[2001:db8::1]", { ...defaults, host: "2001:db8::1" }],
    [" 10.0.0.1:1 , 5 ,, 2 , 9 ", { host: "10.0.0.1", port: 1, db: 2 }],
  ])("%j", (text, target) => {
    expect(isSeedString(text)).toBe(true);
    expect(parseConfig(parseAddressList(text)).target).toEqual(target);
  });

  test.each<[text: string, part: RegExp]>([
    ["h:1,many", /poolsize/],
    ["h:1,-1", /poolsize/],
    ["h:1,1.5", /poolsize/],
    ["h:1,,,x", /dbnum/],
    ["h:1,,,0x1", /dbnum/],
    ["h:1,,,,soon", /idle/],
    ["h:port", /port/],
    ["h:0", /port/],
    ["h:70000", /port/],
    ["::1", /brackets/],
    ["::1:6379", /brackets/],
    ["h:1,,a,b,c,d", /five parts/],
  ])("%j is refused as it connects", async (text, part) => {
    const refusal = expect(redis(text).connect({ now: Date.now, contract: 1 })).rejects;
    await refusal.toMatchObject({ code: "SESS_CONFIG", message: part });
  });

  test("no message holds a password", () => {
    const wrong = () => parseAddressList("h:1,x,hunter2");
    expect(wrong).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(wrong).toThrow(expect.not.objectContaining({ message: /hunter2/ }));
  });
});

test("a URL is not beego's string, and one of another scheme is refused at once", () => {
  for (const url of ["redis://h", "rediss://h", "REDIS://h"]) expect(isSeedString(url)).toBe(false);
  expect(() => redis("memcached://h")).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
});
