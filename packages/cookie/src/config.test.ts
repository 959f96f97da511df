import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { parseConfig as parse } from "./config.js";
import type { CookieConfig } from "./options.js";
import { readSeedJson } from "./seed-json.js";

const parseConfig = (config: Parameters<typeof parse>[0]) => parse(config, readSeedJson);

const random = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
const wrongConfig = expect.objectContaining({ code: "SESS_CONFIG" });

function message(config: unknown): string {
  try {
    parseConfig(config as CookieConfig);
  } catch (error) {
    expect(error).toEqual(wrongConfig);
    return (error as Error).message;
  }
  return "accepted";
}

describe("keys", () => {
  test("are bytes, or a text in base64url, base64 or hexadecimal, padded or not", () => {
    for (let round = 0; round < 200; round++) {
      const key = Buffer.concat([random(), random().subarray(0, round % 5)]);
      const forms = [
        key,
        new Uint8Array(key),
        key.toString("base64url"),
        key.toString("base64"),
        key.toString("base64").replace(/=+$/, ""),
        key.toString("hex"),
        key.toString("hex").toUpperCase(),
      ];
      const { keys } = parseConfig({ keys: forms });
      for (const bytes of keys) expect(Buffer.from(bytes).equals(key)).toBe(true);
    }
  });

  test("are copied: whoever changes one later changes nothing here", () => {
    const key = random();
    const { keys } = parseConfig({ keys: [key] });
    const before = key.toString("hex");
    key.fill(0);
    expect(keys.map((bytes) => Buffer.from(bytes).toString("hex"))).toEqual([before]);
  });

  test("may be bytes of another realm, as under a test runner", () => {
    const key = random();
    const foreign: unknown = runInNewContext("Uint8Array.from(bytes)", { bytes: [...key] });
    expect(parseConfig({ keys: [foreign as Uint8Array] }).keys).toEqual([new Uint8Array(key)]);
  });

  test("may come as the seed's JSON, for configurations out of the environment", () => {
    const key = random();
    const { keys, passphrase } = parseConfig(JSON.stringify({ Keys: [key.toString("base64")] }));
    expect(keys).toEqual([new Uint8Array(key)]);
    expect(passphrase).toBe(undefined);
  });

  test.each<[string, unknown, RegExp]>([
    ["no list", "x", /keys must be a list/],
    ["empty list", [], /keys must be a list/],
    ["short bytes", [random().subarray(1)], /keys\[0\] must have at least 32 bytes/],
    ["short text", [random(), random().subarray(0, 31).toString("base64url")], /keys\[1\] must have at least 32/],
    ["short hexadecimal that would do as base64", [random().toString("hex").slice(0, 62)], /at least 32 bytes/],
    ["half a byte", [`${random().toString("hex")}0`], /keys\[0\] must be bytes, or a text/],
    ["no key", [""], /keys\[0\] must have/],
    ["undefined, as from an environment that lacks it", [undefined], /keys\[0\] must be bytes/],
    ["a number", [7], /keys\[0\] must be bytes/],
    ["a passphrase", ["correct horse battery staple correct horse"], /keys\[0\] must be bytes/],
    ["two alphabets", [`-+${"Ab3".repeat(14)}`], /keys\[0\] must be bytes/],
    ["bits that are passed over", [`${random().toString("base64url").slice(0, 42)}B`], /keys\[0\] must be bytes/],
    ["all the same", [Buffer.alloc(32, 7)], /not random/],
    ["all one, as text", [Buffer.alloc(32, 255).toString("base64")], /not random/],
    ["a few bytes repeated", [Buffer.from("deadbeef".repeat(8), "hex")], /not random/],
    ["counting", [Uint8Array.from({ length: 32 }, (_, index) => index)], /not random/],
    ["counting down by three", [Uint8Array.from({ length: 64 }, (_, index) => 255 - 3 * index)], /not random/],
    ["a text taken for bytes", [Buffer.from(random().toString("base64url"))], /characters of a text/],
    ["a passphrase in base64", [Buffer.from("correct horse battery staple, 1234").toString("base64")], /of a text/],
  ])("%s is refused", (_, keys, expected) => {
    expect(message({ keys })).toMatch(expected);
  });

  test("who is told to make another is told to keep those in use: to replace one signs everybody out", () => {
    for (const bad of ["short", random().subarray(1), Buffer.alloc(32, 7)]) {
      expect(message({ keys: [random(), bad] })).toContain("put it before those in use");
    }
    expect(message({ keys: ["the passphrase of before, as text"] })).toContain("goes into securityKey");
  });

  test("random ones are never taken for anything else", () => {
    for (let round = 0; round < 2_000; round++) expect(parseConfig({ keys: [random()] }).keys).toHaveLength(1);
  });
});

describe("everything else", () => {
  test.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /needs keys; make one with: node -p/],
    ["an empty object", {}, /needs keys/],
    ["undefined all over", { keys: undefined, securityKey: undefined }, /needs keys/],
    ["null", null, /must be an object/],
    ["a list", [random()], /must be an object/],
    ["an empty passphrase", { securityKey: "" }, /securityKey must be a text/],
    ["a passphrase that is none", { securityKey: 7 }, /securityKey must be a text/],
    ["an empty passphrase beside keys", { keys: [random()], securityKey: "" }, /securityKey must be a text/],
    ["an unknown key", { keys: [random()], secret: "x" }, /not known here: "secret"/],
    ["a key of the seed's in the typed form", { securityKey: "x", blockKey: "y" }, /not known here: "blockKey"/],
    ["a text that is no JSON", "hunter2", /not valid JSON/],
    ["JSON that is no object", '"hunter2"', /must be a JSON object/],
    ["JSON without a key", '{"cookieName":"x"}', /needs keys/],
    ["the seed's default, an empty key", '{"cookieName":"x","securityKey":""}', /securityKey must be a text/],
  ])("%s is refused", (_, config, expected) => {
    expect(message(config)).toMatch(expected);
  });

  test("no message holds what is wrong", () => {
    const secrets = ["hunter2hunter2", random().toString("hex").slice(1), random().toString("base64").slice(2)];
    for (const secret of secrets) {
      for (const config of [secret, `"${secret}"`, { keys: [secret] }, { keys: secret }, `{"keys":["${secret}"]}`]) {
        expect(message(config)).not.toContain(secret.slice(0, 6));
      }
    }
  });
});
