import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig } from "./config.js";
import { type FileConfig, file } from "./provider.js";

describe("the configuration", () => {
  test("is the seed's string, or an object", () => {
    expect(parseConfig("./tmp")).toEqual({ directory: resolve("tmp"), durable: false });
    expect(parseConfig({ directory: "/var/lib/app/../sessions", durable: true })).toEqual({
      directory: "/var/lib/sessions",
      durable: true,
    });
    expect(file("./tmp")).toMatchObject({ kind: "store", name: "file" });
  });

  test.each<[unknown, string]>([
    [undefined, "directory"],
    ["", "directory"],
    ["a\0b", "directory"],
    [{}, "directory"],
    [{ directory: 1 }, "directory"],
    [{ directory: "" }, "directory"],
    [{ directory: "./tmp", durable: "yes" }, "durable"],
    [{ directory: "./tmp", Durable: true }, '"Durable"'],
    [{ directory: "./tmp", "p\u00e4th\n": 1 }, '"p\\u00e4th\\n"'],
    [null, "the path of a directory or an object"],
    [7, "the path of a directory or an object"],
    [["./tmp"], "the path of a directory or an object"],
  ])("%j is SESS_CONFIG and the message says where", (config, named) => {
    const make = () => file(config as FileConfig);
    expect(make).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
    expect(make).toThrow(named);
  });
});
