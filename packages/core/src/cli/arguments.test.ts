import { describe, expect, test } from "vitest";
import { readArguments, UsageError } from "./arguments.js";

const none = {
  owner: "",
  provider: undefined,
  config: undefined,
  namespace: undefined,
  handle: undefined,
  peer: undefined,
  json: false,
};

describe("readArguments", () => {
  test.each([
    [["count"], { command: "count" }],
    [["list", "ada", "--json"], { command: "list", owner: "ada", json: true }],
    [["revoke", "--handle", "h", "ada"], { command: "revoke", owner: "ada", handle: "h" }],
    [["revoke", "ada", "--handle", "-h", "--json"], { command: "revoke", owner: "ada", handle: "-h", json: true }],
    [["revoke", "--json", "--", "--handle"], { command: "revoke", owner: "--handle", json: true }],
    [
      ["gc", "-p", "redis", "-c", "{}", "-n", "shop"],
      { command: "gc", provider: "redis", config: "{}", namespace: "shop" },
    ],
    [["doctor", "--peer=10.0.0.7"], { command: "doctor", peer: "10.0.0.7" }],
    [["list", "--", "--odd-name"], { command: "list", owner: "--odd-name" }],
  ])("%j", (args, expected) => {
    expect(readArguments(args)).toEqual({ ...none, ...expected });
  });

  test.each([[], ["--help"], ["-h", "count"], ["help"]])("%s %s asks for help", (...args) => {
    expect(readArguments(args)).toBe("help");
  });

  test("--version asks for the version", () => {
    expect(readArguments(["--version"])).toBe("version");
  });

  test.each([
    [["destroy"], 'there is no command "destroy"'],
    [["list"], "list needs an owner"],
    [["revoke", ""], "revoke needs an owner"],
    [["list", "ada", "bob"], "list got too many arguments"],
    [["count", "ada"], "count got too many arguments"],
    [["list", "ada", "--handle", "h"], "--handle belongs to revoke"],
    [["count", "--peer", "x"], "--peer belongs to doctor"],
    [["count", "--owner", "x"], "Unknown option '--owner'"],
    [["revoke", "ada", "--handle"], "Option '--handle <value>' argument missing"],
    [["count", "--config"], "Option '-c, --config <value>' argument missing"],
  ])("%j is a mistake", (args, message) => {
    expect(() => readArguments(args)).toThrow(new UsageError(message));
  });
});
