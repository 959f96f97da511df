import { providers } from "@sess/core";
import { expect, test } from "vitest";

test("the pure entry registers nothing, the main entry registers redis", async () => {
  await import("./provider.js");
  expect(providers()).not.toContain("redis");
  const { redis } = await import("./index.js");
  expect(providers()).toContain("redis");
  expect(redis("127.0.0.1:6379,100,astaxie")).toMatchObject({ kind: "store", name: "redis" });
});
